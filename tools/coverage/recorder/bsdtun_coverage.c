// SPDX-License-Identifier: GPL-2.0
/*
 * Record which blocks of bsdtun.ko were reached, in any context and across reloads of
 * bsdtun. KCOV only records the code that a task reaches in its system calls. 'make
 * coverage' makes bsdtun call this module, instead of KCOV, in each block.
 *
 * bsdtun_coverage/text and bsdtun_coverage/init in debugfs have a bit for each byte of
 * the module's text and init text. Set are those to which a call has returned.
 */

#include <linux/bitmap.h>
#include <linux/debugfs.h>
#include <linux/kcov.h>
#include <linux/module.h>
#include <linux/notifier.h>

#include "bsdtun_coverage.h"

#define TEXT_MAX (4 * 1024 * 1024)

enum { TEXT, INIT, TEXTS };

struct text {
	unsigned long base;
	unsigned long size;
	DECLARE_BITMAP(reached, TEXT_MAX);
};

static struct text texts[TEXTS];
static struct debugfs_blob_wrapper blobs[TEXTS];
static struct dentry *dir;

/* Called from any context. The tail call lets KCOV see the same caller. */
void notrace bsdtun_coverage_reached(void)
{
	unsigned long pc = _RET_IP_;
	int i;

	for (i = 0; i < TEXTS; i++) {
		struct text *text = texts + i;
		unsigned long offset = pc - READ_ONCE(text->base);

		if (offset < READ_ONCE(text->size) && !test_bit(offset, text->reached))
			set_bit(offset, text->reached);
	}
	__attribute__((musttail)) return __sanitizer_cov_trace_pc();
}
EXPORT_SYMBOL(bsdtun_coverage_reached);

static void text_is(struct text *text, const struct module_memory *memory)
{
	WRITE_ONCE(text->size, 0);
	WRITE_ONCE(text->base, (unsigned long)memory->base);
	WRITE_ONCE(text->size, min_t(unsigned long, memory->size, TEXT_MAX));
}

/* COMING is before any code of the module runs, LIVE after its init has returned. */
static int module_event(struct notifier_block *nb, unsigned long event, void *data)
{
	struct module *mod = data;

	if (strcmp(mod->name, "bsdtun"))
		return NOTIFY_DONE;
	switch (event) {
	case MODULE_STATE_COMING:
		text_is(texts + TEXT, mod->mem + MOD_TEXT);
		text_is(texts + INIT, mod->mem + MOD_INIT_TEXT);
		break;
	case MODULE_STATE_LIVE:
		/* The memory of the init text is freed and used for something else. */
		WRITE_ONCE(texts[INIT].size, 0);
		break;
	case MODULE_STATE_GOING:
		WRITE_ONCE(texts[INIT].size, 0);
		break;
	}
	return NOTIFY_DONE;
}

static struct notifier_block module_events = {
	.notifier_call = module_event,
};

static int __init coverage_init(void)
{
	static const char *const names[] = { "text", "init" };
	int err, i;

	err = register_module_notifier(&module_events);
	if (err)
		return err;
	dir = debugfs_create_dir("bsdtun_coverage", NULL);
	for (i = 0; i < TEXTS; i++) {
		blobs[i].data = texts[i].reached;
		blobs[i].size = sizeof(texts[i].reached);
		debugfs_create_blob(names[i], 0400, dir, blobs + i);
	}
	return 0;
}

/* Without an exit function: the module stays loaded until the bits have been read. */
module_init(coverage_init);

MODULE_DESCRIPTION("Coverage recorder for bsdtun");
MODULE_LICENSE("GPL");
