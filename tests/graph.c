// SPDX-License-Identifier: GPL-2.0-only
/*
 * Does the module's graph agree with sysfs?
 *
 * Usage: graph FILE [CLASS]
 *
 * FILE has a line "HOLDER SLAVE links=N found=N ..." for each edge, devices as
 * major:minor; edges for which both are 0 are none of sysfs'.  CLASS is /sys/class/block,
 * where each device that is stacked on others has a directory, slaves, with a link for
 * each of them.  Prints what only one of them has, or the file more than once, and exits
 * with 1 if there is anything.
 */

#define _GNU_SOURCE

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct edges {
	char **edge;
	size_t count;
	size_t room;
};

static void __attribute__((noreturn)) fail(const char *what)
{
	perror(what);
	exit(2);
}

static void add(struct edges *edges, char *edge)
{
	if (!edge)
		fail("memory");
	if (edges->count == edges->room) {
		edges->room = edges->room * 2 + 64;
		edges->edge = realloc(edges->edge, edges->room * sizeof(*edges->edge));
		if (!edges->edge)
			fail("memory");
	}
	edges->edge[edges->count++] = edge;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort(struct edges *edges)
{
	if (edges->count)
		qsort(edges->edge, edges->count, sizeof(*edges->edge), compare);
}

static void add_pair(struct edges *edges, const char *holder, const char *slave)
{
	char *edge;

	if (asprintf(&edge, "%s %s", holder, slave) < 0)
		edge = NULL;
	add(edges, edge);
}

static void read_file(const char *path, struct edges *edges)
{
	char holder[24], slave[24], *line = NULL;
	FILE *file = fopen(path, "r");
	unsigned int links, found;
	size_t room = 0;

	if (!file)
		fail(path);
	while (getline(&line, &room, file) > 0) {
		if (sscanf(line, "%23s %23s links=%u found=%u", holder, slave, &links,
			   &found) != 4) {
			fprintf(stderr, "what is this: %s", line);
			exit(2);
		}
		if (links || found)
			add_pair(edges, holder, slave);
	}
	if (ferror(file))
		fail(path);
	free(line);
	fclose(file);
}

/* The number of a device; it may have gone meanwhile. */
static int read_number(int dir, const char *name, char *number, size_t size)
{
	char path[2 * NAME_MAX];
	ssize_t length;
	int fd;

	snprintf(path, sizeof(path), "%s/dev", name);
	fd = openat(dir, path, O_RDONLY);
	if (fd < 0 && errno == ENOENT)
		return 0;
	length = fd < 0 ? -1 : read(fd, number, size - 1);
	if (length < 0)
		fail(path);
	close(fd);
	number[length] = '\0';
	number[strcspn(number, "\n")] = '\0';
	return 1;
}

/* A device has no slaves if it is a partition, or if it has gone meanwhile. */
static void read_slaves(int class, const char *name, struct edges *edges)
{
	char path[NAME_MAX + sizeof("/slaves")], holder[24], slave[24];
	struct dirent *entry;
	DIR *dir;
	int fd;

	snprintf(path, sizeof(path), "%s/slaves", name);
	fd = openat(class, path, O_RDONLY | O_DIRECTORY);
	if (fd < 0 && errno == ENOENT)
		return;
	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir)
		fail(path);
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.' &&
		    read_number(class, name, holder, sizeof(holder)) &&
		    read_number(dirfd(dir), entry->d_name, slave, sizeof(slave)))
			add_pair(edges, holder, slave);
	closedir(dir);
}

static void read_class(const char *path, struct edges *edges)
{
	struct dirent *entry;
	DIR *dir = opendir(path);

	if (!dir)
		fail(path);
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			read_slaves(dirfd(dir), entry->d_name, edges);
	closedir(dir);
}

int main(int argc, char **argv)
{
	struct edges graph = { 0 }, sysfs = { 0 };
	size_t i = 0, j = 0;
	int r, differ = 0;

	if (argc < 2 || argc > 3) {
		fprintf(stderr, "usage: graph FILE [CLASS]\n");
		return 2;
	}
	read_file(argv[1], &graph);
	read_class(argc > 2 ? argv[2] : "/sys/class/block", &sysfs);
	sort(&graph);
	sort(&sysfs);

	while (i < graph.count || j < sysfs.count) {
		if (i == graph.count)
			r = 1;
		else if (j == sysfs.count)
			r = -1;
		else
			r = strcmp(graph.edge[i], sysfs.edge[j]);
		if (r)
			differ = 1;
		if (r < 0)
			printf("only the graph has: %s\n", graph.edge[i]);
		else if (r > 0)
			printf("only sysfs has: %s\n", sysfs.edge[j]);
		i += r <= 0;
		j += r >= 0;
	}
	return differ;
}
