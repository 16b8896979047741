// SPDX-License-Identifier: GPL-2.0
/*
 * The sysctls of the driver are settings of the whole machine. They exist in the initial network
 * namespace only, and a write needs CAP_NET_ADMIN in the initial user namespace: uid 0 is not
 * enough, for any mode of the file, also if another process opened it.
 */
#include "lib/container.h"
#include "lib/test.h"

#include <sys/prctl.h>

#include <linux/capability.h>

/* More than the driver has. */
#define FILES_MAX	32

struct sysctl {
	char path[320];
	char value[32];		/* at the start of the test */
};

static struct sysctl files[FILES_MAX];
static int n_files;

static void add_file(const char *dir, const char *name)
{
	struct sysctl *file = &files[n_files];

	if (n_files == FILES_MAX)
		return;
	snprintf(file->path, sizeof(file->path), "%s/%s", dir, name);
	read_line(file->path, file->value, sizeof(file->value));
	n_files++;
}

static void add_files(const char *dir)
{
	struct dirent *entry;
	DIR *d = opendir(dir);

	while (d && (entry = readdir(d)))
		if (entry->d_name[0] != '.')
			add_file(dir, entry->d_name);
	if (d)
		closedir(d);
}

FIXTURE(sysctl) {
	struct container container;
	struct unit u;		/* to run functions with */
};

FIXTURE_SETUP(sysctl)
{
	if (geteuid())
		SKIP(return, "needs root");
	unit_init(&self->u, TUN_KIND);
	ASSERT_EQ(0, netns_enter_initial());
	n_files = 0;
	add_files("/proc/sys/net/link/tun");
	add_files("/proc/sys/net/link/tap");
	add_files("/proc/sys/net/link/bsdtun");
	add_file("/proc/sys/debug", "if_tun_debug");
	/* Those that there were from the beginning. */
	ASSERT_LE(8, n_files);
}

FIXTURE_TEARDOWN(sysctl)
{
	int i;

	/* Back, as root, whatever the test did. */
	for (i = 0; i < n_files; i++)
		write_file(files[i].path, files[i].value);
}

/* ---- in a child ---------------------------------------------------------- */

/*
 * Writes all files. Returns what all answered, or -EPROTO if they differ. It is the value that the
 * file has: also a write that changes nothing is refused.
 */
static int write_all(struct unit *u)
{
	int i, err, first = 0;

	(void)u;
	for (i = 0; i < n_files; i++) {
		err = write_file(files[i].path, files[i].value);
		if (!i)
			first = err;
		if (err != first) {
			fprintf(stderr, "# %s: %d, %s: %d\n", files[0].path, first, files[i].path,
				err);
			return -EPROTO;
		}
	}
	return first;
}

/* The same with another value, which is seen if the write has an effect. */
static int change_all(struct unit *u)
{
	int i;

	for (i = 0; i < n_files; i++)
		snprintf(files[i].value, sizeof(files[i].value), "%d", atoi(files[i].value) ^ 1);
	return write_all(u);
}

static int read_all(struct unit *u)
{
	char text[32];
	int i, err;

	(void)u;
	for (i = 0; i < n_files; i++) {
		err = read_file(files[i].path, text, sizeof(text));
		if (err < 0)
			return err;
	}
	return 0;
}

/* The number of files of the driver under /proc/sys/net. */
static int visible(struct unit *u)
{
	int i;

	u->number = 0;
	for (i = 0; i < n_files; i++)
		if (!strncmp(files[i].path, "/proc/sys/net/", 14))
			u->number += !access(files[i].path, F_OK);
	return 0;
}

/* Only the one that is no setting of a network. */
static int write_debug(struct unit *u)
{
	(void)u;
	return write_file("/proc/sys/debug/if_tun_debug", "1");
}

static int nobody_with_net_admin(void)
{
	if (prctl(PR_SET_KEEPCAPS, 1))
		return -errno;
	return become_nobody() ?: set_caps(1ULL << CAP_NET_ADMIN);
}

static int drop_net_admin(void)
{
	return drop_cap(CAP_NET_ADMIN);
}

/* A user namespace in the initial network namespace: it owns nothing of it. */
static int enter_userns(void)
{
	return userns_new();
}

#define CHILD(func)	container_run(&self->container, func, &self->u)

/* Nothing has changed. */
#define EXPECT_UNCHANGED()						\
({									\
	int __i;							\
									\
	for (__i = 0; __i < n_files; __i++)				\
		EXPECT_TRUE(file_equals(files[__i].path, files[__i].value)) \
			TH_LOG("%s was changed", files[__i].path);	\
})

/* ---- in the initial network namespace ------------------------------------ */

TEST_F(sysctl, root_writes)
{
	EXPECT_EQ(0, write_all(&self->u));
	EXPECT_EQ(0, read_all(&self->u));
}

TEST_F(sysctl, uid_0_without_capabilities_is_EPERM)
{
	ASSERT_EQ(0, container_start(&self->container, drop_all_caps));
	EXPECT_EQ(0, CHILD(read_all));
	EXPECT_EQ(-EPERM, CHILD(write_all));
	EXPECT_EQ(-EPERM, CHILD(change_all));
	EXPECT_UNCHANGED();
}

/* All capabilities but the one. */
TEST_F(sysctl, root_without_net_admin_is_EPERM)
{
	ASSERT_EQ(0, container_start(&self->container, drop_net_admin));
	EXPECT_EQ(-EPERM, CHILD(write_all));
	EXPECT_EQ(-EPERM, CHILD(change_all));
	EXPECT_UNCHANGED();
}

/* As with the other sysctls of a network, the capability is enough. */
TEST_F(sysctl, net_admin_without_uid_0_writes)
{
	/* The last one is no setting of a network: its mode is that for all but root. */
	n_files--;
	ASSERT_EQ(0, container_start(&self->container, nobody_with_net_admin));
	EXPECT_EQ(0, CHILD(write_all));
}

TEST_F(sysctl, nobody_is_EACCES)
{
	ASSERT_EQ(0, container_start(&self->container, become_nobody));
	EXPECT_EQ(0, CHILD(read_all));
	EXPECT_EQ(-EACCES, CHILD(write_all));
	EXPECT_UNCHANGED();
}

/* uid 0 outside, and with every capability over nothing that matters here. */
TEST_F(sysctl, root_of_a_user_namespace_is_EPERM)
{
	if (userns_unavailable())
		SKIP(return, "no user namespaces");
	ASSERT_EQ(0, container_start(&self->container, enter_userns));
	EXPECT_EQ(-EPERM, CHILD(write_all));
	EXPECT_EQ(-EPERM, CHILD(change_all));
	EXPECT_UNCHANGED();
}

/* What counts is who writes, not who opened the file. */
TEST_F(sysctl, passed_descriptor_is_EPERM)
{
	int fds[FILES_MAX], i, status;
	pid_t pid;

	for (i = 0; i < n_files; i++) {
		fds[i] = open(files[i].path, O_RDWR | O_CLOEXEC);
		ASSERT_LE(0, fds[i]);
	}
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		CHILD_ASSERT(!become_nobody());
		for (i = 0; i < n_files; i++)
			CHILD_ASSERT(ERR(write(fds[i], "1", 1)) == -EPERM);
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_UNCHANGED();
	for (i = 0; i < n_files; i++)
		close(fds[i]);
}

/* ---- in others ----------------------------------------------------------- */

TEST_F(sysctl, container_without_a_user_namespace_does_not_see_them)
{
	/* The last one is in no network namespace. */
	n_files--;
	ASSERT_EQ(0, container_start(&self->container, enter_plain_container));
	ASSERT_EQ(0, CHILD(visible));
	EXPECT_EQ(0, self->u.number);
	EXPECT_EQ(-EPERM, CHILD(write_debug));
	EXPECT_EQ(-ENOENT, CHILD(change_all));
	EXPECT_UNCHANGED();
}

TEST_F(sysctl, container_of_a_user_does_not_see_them)
{
	if (userns_unavailable())
		SKIP(return, "no user namespaces");
	ASSERT_EQ(0, container_start(&self->container, enter_user_container));
	ASSERT_EQ(0, CHILD(visible));
	EXPECT_EQ(0, self->u.number);
	EXPECT_EQ(-EACCES, CHILD(write_debug));
}

TEST_F(sysctl, container_of_root_does_not_see_them)
{
	if (userns_unavailable())
		SKIP(return, "no user namespaces");
	n_files--;
	ASSERT_EQ(0, container_start(&self->container, enter_root_container));
	ASSERT_EQ(0, CHILD(visible));
	EXPECT_EQ(0, self->u.number);
	EXPECT_EQ(-EPERM, CHILD(write_debug));
	EXPECT_EQ(-ENOENT, CHILD(change_all));
	EXPECT_UNCHANGED();
}

/* Root of the machine, too, who has to go to the initial one. */
TEST_F(sysctl, other_network_namespaces_do_not_have_them)
{
	ASSERT_EQ(0, netns_new());
	ASSERT_EQ(0, visible(&self->u));
	EXPECT_EQ(0, self->u.number);
	ASSERT_EQ(0, netns_enter_initial());
	ASSERT_EQ(0, visible(&self->u));
	EXPECT_EQ(n_files - 1, self->u.number);
}

TEST_HARNESS_MAIN
