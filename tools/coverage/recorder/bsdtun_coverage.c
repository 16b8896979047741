// SPDX-License-Identifier: GPL-2.0
/*
 * Which places of bsdtun.ko were reached since this module was loaded, in whatever
 * context and however often bsdtun was loaded meanwhile. For 'make coverage', which has
 * bsdtun call this module at each place.
 *
 * debugfs, bsdtun_coverage/text and /init: a bit for each byte of the module's text,
 * and of the text that is dropped when it has been loaded. Set where a call returns to.
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

/* Called in place of KCOV's, from any context; KCOV is to see who called. */
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

/* Before anything of the module runs, and when nothing of it does any more. */
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
		/* The memory of the other text may become anything's. */
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

/* Without a way out: what was recorded is not to go with the module that it is about. */
module_init(coverage_init);

MODULE_DESCRIPTION("Which places of bsdtun were reached");
MODULE_LICENSE("GPL");
