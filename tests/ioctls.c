// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a block device answers to ioctls, one line each: name, errno, and the
 * first words of what it filled in.
 *
 * Usage: ioctls DEVICE...
 *
 * Writes to the devices: their first 8 sectors are zeroed and discarded.  One after
 * another is asked, and a zero byte stands between the answers of two.
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/blkzoned.h>
#include <linux/cdrom.h>
#include <linux/fs.h>
#include <linux/hdreg.h>
#include <linux/pr.h>
#include <scsi/scsi.h>
#include <scsi/sg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static union {
	uint32_t word[1024];
	uint64_t range[2];
	struct blk_zone_report report;
	struct pr_registration registration;
	struct pr_reservation reservation;
	struct pr_clear clear;
	struct sg_io_hdr sg;
} data;

static int fd;

/* Send it, with what is in data, and say what came of it. */
static void ask(const char *name, unsigned long request, int words)
{
	int r = ioctl(fd, request, &data), error = errno, i;

	printf("%s: %d %s", name, r, r < 0 ? strerror(error) : "");
	for (i = 0; r >= 0 && i < words; i++)
		printf(" %08x", data.word[i]);
	printf("\n");
	memset(&data, 0, sizeof(data));
}

static void inquire(const char *name, unsigned char opcode)
{
	static unsigned char buffer[96], sense[32];
	unsigned char command[6] = { opcode, 0, 0, 0, sizeof(buffer), 0 };
	int r, error;

	memset(buffer, 0, sizeof(buffer));
	data.sg.interface_id = 'S';
	data.sg.cmd_len = sizeof(command);
	data.sg.cmdp = command;
	data.sg.dxfer_direction = SG_DXFER_FROM_DEV;
	data.sg.dxfer_len = sizeof(buffer);
	data.sg.dxferp = buffer;
	data.sg.sbp = sense;
	data.sg.mx_sb_len = sizeof(sense);
	data.sg.timeout = 5000;
	r = ioctl(fd, SG_IO, &data);
	error = errno;
	printf("%s: %d %s %02x '%.24s'\n", name, r, r < 0 ? strerror(error) : "",
	       r < 0 ? 0 : data.sg.status, (char *)buffer + 8);
	memset(&data, 0, sizeof(data));
}

static int ask_all(const char *device)
{
	fd = open(device, O_RDWR | O_EXCL);
	if (fd < 0)
		fd = open(device, O_RDONLY);
	if (fd < 0) {
		printf("%s: %m\n", device);
		return 2;
	}

	ask("BLKGETSIZE64", BLKGETSIZE64, 2);
	ask("BLKSSZGET", BLKSSZGET, 1);
	ask("BLKPBSZGET", BLKPBSZGET, 1);
	ask("BLKIOMIN", BLKIOMIN, 1);
	ask("BLKIOOPT", BLKIOOPT, 1);
	ask("BLKALIGNOFF", BLKALIGNOFF, 1);
	ask("BLKROTATIONAL", BLKROTATIONAL, 1);
	ask("BLKROGET", BLKROGET, 1);
	ask("BLKRRPART", BLKRRPART, 0);
	ask("BLKFLSBUF", BLKFLSBUF, 0);

	data.range[1] = 4096;
	ask("BLKZEROOUT", BLKZEROOUT, 0);
	data.range[1] = 4096;
	ask("BLKDISCARD", BLKDISCARD, 0);
	data.range[1] = 4096;
	ask("BLKSECDISCARD", BLKSECDISCARD, 0);
	data.range[0] = 100;
	data.range[1] = 4096;
	ask("BLKZEROOUT, misaligned", BLKZEROOUT, 0);

	ask("BLKGETZONESZ", BLKGETZONESZ, 1);
	ask("BLKGETNRZONES", BLKGETNRZONES, 1);
	data.report.nr_zones = 40;
	ask("BLKREPORTZONE", BLKREPORTZONE, 1000);

	/* What is passed through, or is not. */
	ask("HDIO_GETGEO", HDIO_GETGEO, 2);
	ask("HDIO_GET_IDENTITY", HDIO_GET_IDENTITY, 0);
	ask("CDROM_GET_CAPABILITY", CDROM_GET_CAPABILITY, 0);
	ask("SG_GET_VERSION_NUM", SG_GET_VERSION_NUM, 1);
	ask("SCSI_IOCTL_GET_IDLUN", SCSI_IOCTL_GET_IDLUN, 0);
	ask("unknown", _IO('~', 99), 0);
	inquire("SG_IO inquiry", 0x12);
	inquire("SG_IO unknown", 0xff);
	data.registration.new_key = 0x1234;
	ask("IOC_PR_REGISTER", IOC_PR_REGISTER, 0);
	data.reservation.key = 0x1234;
	data.reservation.type = PR_WRITE_EXCLUSIVE;
	ask("IOC_PR_RESERVE", IOC_PR_RESERVE, 0);
	data.reservation.key = 0x1234;
	data.reservation.type = PR_WRITE_EXCLUSIVE;
	ask("IOC_PR_RELEASE", IOC_PR_RELEASE, 0);
	data.clear.key = 0x1234;
	ask("IOC_PR_CLEAR", IOC_PR_CLEAR, 0);

	/* And by one who may not do everything. */
	if (seteuid(65534))
		return 2;
	inquire("SG_IO inquiry by nobody", 0x12);
	inquire("SG_IO unknown by nobody", 0xff);
	ask("unknown by nobody", _IO('~', 99), 0);
	if (seteuid(0))
		return 2;
	close(fd);
	return 0;
}

int main(int argc, char **argv)
{
	int i, status = 0;

	if (argc < 2) {
		fprintf(stderr, "usage: ioctls DEVICE...\n");
		return 2;
	}
	for (i = 1; i < argc; i++) {
		if (i > 1)
			putchar('\0');
		status |= ask_all(argv[i]);
	}
	return status;
}
