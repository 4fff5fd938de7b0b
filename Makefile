# SPDX-License-Identifier: GPL-2.0-only
# Build, install, show and test dm-linear-guard; "make help" lists all of it.

KVER ?= $(shell uname -r)
KDIR ?= /lib/modules/$(KVER)/build
VERSION := $(shell sed -n 's/^\#define DM_LINEAR_GUARD_VERSION "\(.*\)"/\1/p' dm-linear-guard.h)
kbuild = $(MAKE) -C $(KDIR) M=$(CURDIR)

# K and T choose kernels and tests; the scripts read them.
export K T
MINUTES ?= 5

.PHONY: all install tools install-tools uninstall unit clean clean-tools demo test \
	test-all test-debug soak test-upstream test-boot bench deb release check compat \
	model mutants shell help version

all:
	$(kbuild) modules

# Up to 0.3.0 the file had another name, and would be found as well.
install: all
	rm -f /lib/modules/$(KVER)/extra/dm-linear-guard.ko* \
		/lib/modules/$(KVER)/updates/dm-linear-guard.ko*
	$(kbuild) modules_install
	depmod -a $(KVER)

# The command, which takes the headers of libdevmapper, libsmartcols, json-c and libkmod.
# A package brings its distribution's flags; these are for a build by hand.
command := tools/dm-linear-guard
command-objects := $(patsubst %.c,%.o,$(wildcard tools/*.c))
unit := tools/tests/unit
unit-objects := tools/tests/unit.o $(addprefix tools/,lookup.o mapper.o rules.o say.o \
	stack.o sysfs.o system.o table.o text.o)
CPPFLAGS ?= -D_FORTIFY_SOURCE=2
CFLAGS ?= -O2 -g -fPIE -fstack-protector-strong
LDFLAGS ?= -pie -Wl,-z,relro,-z,now
command-flags = -std=gnu11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 \
	-DDM_LINEAR_GUARD_VERSION='"$(VERSION)"' \
	-Wall -Wextra -Werror -Wformat=2 -Wmissing-prototypes -Wshadow -Wstrict-prototypes \
	-Itools -MMD -MP -MF $(@D)/.$(@F).d
command-libs := -ldevmapper -lsmartcols -ljson-c -ldl

tools: $(command)

$(command): $(command-objects)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(command-libs)

$(unit): $(unit-objects)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(command-libs)

# The version is in a header of the module's.
$(command-objects) tools/tests/unit.o: %.o: %.c dm-linear-guard.h Makefile
	$(CC) $(CPPFLAGS) $(CFLAGS) $(command-flags) -c -o $@ $<

-include $(wildcard tools/.*.d tools/tests/.*.d)

# The tests have the program, for VMs.
tools/tests/schema: tests/schema.c
	$(CC) $(CPPFLAGS) $(CFLAGS) -Wall -Wextra -Werror $(LDFLAGS) -o $@ $< -ljson-c

# Its rules, and what it prints of copies of systems: without root, and without a VM.
unit: $(unit) $(command) tools/tests/schema
	$(unit)
	tools/tests/copies

# The command, its pages, and what loads the module at boot: a package's files.
prefix = $(DESTDIR)/usr
sbindir = /usr/sbin
install-tools: tools
	install -D -m 755 -t $(DESTDIR)$(sbindir) $(command)
	install -D -m 644 -t $(prefix)/share/man/man4 tools/dm-linear-guard.4
	install -D -m 644 -t $(prefix)/share/man/man8 tools/dm-linear-guard.8
	install -D -m 644 -t $(prefix)/share/dm-linear-guard docs/command.schema.json
	install -D -m 644 tools/completion.bash \
		$(prefix)/share/bash-completion/completions/dm-linear-guard
	install -D -m 644 tools/modprobe.conf $(prefix)/lib/modprobe.d/dm-linear-guard.conf
	install -D -m 644 tools/modules-load.conf \
		$(prefix)/lib/modules-load.d/dm-linear-guard.conf
	install -D -m 755 tools/initramfs-hook \
		$(prefix)/share/initramfs-tools/hooks/dm-linear-guard
	install -D -m 755 tools/initramfs-script \
		$(prefix)/share/initramfs-tools/scripts/init-top/dm-linear-guard
	install -D -m 755 -t $(prefix)/lib/dracut/modules.d/90dm-linear-guard \
		tools/dracut/module-setup.sh tools/dracut/load.sh
	install -D -m 755 tools/kernel-hook \
		$(DESTDIR)/etc/kernel/header_postinst.d/zz-dm-linear-guard

uninstall:
	rm -f /lib/modules/$(KVER)/extra/dm[-_]linear[-_]guard.ko* \
		/lib/modules/$(KVER)/updates/dm[-_]linear[-_]guard.ko*
	depmod -a $(KVER)
	rm -rf $(DESTDIR)$(sbindir)/dm-linear-guard \
		$(prefix)/share/dm-linear-guard \
		$(prefix)/share/man/man[48]/dm-linear-guard.[48] \
		$(prefix)/share/bash-completion/completions/dm-linear-guard \
		$(prefix)/lib/mod*.d/dm-linear-guard.conf \
		$(prefix)/share/initramfs-tools/hooks/dm-linear-guard \
		$(prefix)/share/initramfs-tools/scripts/init-top/dm-linear-guard \
		$(prefix)/lib/dracut/modules.d/90dm-linear-guard \
		$(DESTDIR)/etc/kernel/header_postinst.d/zz-dm-linear-guard

clean: clean-tools
	$(kbuild) clean

clean-tools:
	rm -f $(command) $(unit) tools/tests/schema tools/*.o tools/.*.d tools/tests/*.o tools/tests/.*.d

demo:
	@scripts/demo

test:
	@scripts/test

test-all:
	@scripts/test all

test-debug:
	@K="$(or $(K),6.12-debug)" scripts/test

soak:
	@K="$(or $(K),6.12-debug)" T=debug/soak GUEST_ENV="SOAK_MINUTES=$(MINUTES)" \
		LIMIT=$$(($(MINUTES) * 30 + 60)) scripts/test

# The series of docs/upstream, on the newest kernel with sanitizers, without the module.
test-upstream:
	@K=newest-upstream scripts/test

test-boot:
	@scripts/test-boot

bench:
	@scripts/bench

deb:
	@dir=$$(scripts/deb) && rm -rf dist && cp -r "$$dir" dist && ls dist

model:
	@model/run $(T)

mutants:
	@scripts/mutants $(T)

release:
	@scripts/release

check:
	@scripts/check

compat:
	@scripts/compat $(KDIR)

shell:
	@scripts/vm $(or $(K),6.1)

version:
	@echo $(VERSION)

help:
	@echo "dm-linear-guard $(VERSION)"
	@echo
	@echo "On this machine (KDIR=DIR or KVER=RELEASE choose another kernel):"
	@echo "  all        build the module"
	@echo "  install    install it for the kernel; needs root"
	@echo "  tools      build the command"
	@echo "  unit       test the command, as far as that takes neither root nor a VM"
	@echo "  install-tools  the command, its pages, and what loads the module at boot"
	@echo "  uninstall  remove all of that again; needs root"
	@echo "  clean      remove what the build made"
	@echo "  compat     say how it fits that kernel, for a report of a fault"
	@echo
	@echo "In VMs of Debian's kernels, on Debian for amd64 (K=6.1 chooses one):"
	@echo "  demo       the stock target panics, this one refuses"
	@echo "  test       the tests on all kernels (T=seed chooses a test)"
	@echo "  test-all   more of them, and some with KASAN or checked slabs"
	@echo "  test-debug all tests, and more, on a kernel with KASAN, lockdep and others"
	@echo "  test-upstream  the patches in docs/upstream, without the module"
	@echo "  soak       everything at once for MINUTES=5 on the kernel of test-debug"
	@echo "  test-boot  the packages, in systems that boot from LVM"
	@echo "  bench      what it costs, beside the stock target, in instructions"
	@echo "  deb        packages for Debian and RPM's distributions, in dist/"
	@echo "  release    check all of it, and make what is published, in dist/"
	@echo "  shell      a root shell with the module loaded, to play in"
	@echo "  check      compiler warnings, sparse, checkpatch, shellcheck, and more; for"
	@echo "             kernels that are not booted, too (K=newest-arm64 chooses one)"
	@echo "  model      all states of a model of the protocol, searched with spin (T=quick:"
	@echo "             what takes one to three minutes)"
	@echo "  mutants    the module, broken in many ways, each noticed by a test (T=depth: one)"
	@echo
	@echo "  version    print the version"
