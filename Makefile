# SPDX-License-Identifier: GPL-2.0
#
# For people.  Kbuild is the kernel build's own file: it is taken where both are, so
# nothing here is seen by 'make -C KDIR M=...' or inside a kernel tree.

LAB := tools/lab/lab

# Told on the command line or by the environment, see 'make help'.
export KDIR KERNEL TEST BENCH SOAK SOAK_SEED FUZZ_SECONDS FUZZ_SEED PROGRAMS_SKIP DESTDIR INSTALL_MOD_PATH \
	PREFIX V LLVM RUSTC BINDGEN

.DEFAULT_GOAL := module

.PHONY: module demo check check-all check-programs check-package coverage fuzz soak package \
	shell bench docs docs-architecture docs-sessions install uninstall clean distclean help

# What stands in the way is one line, not followed by make's own.
module install demo check check-all check-programs check-package coverage fuzz soak package \
		shell bench docs docs-architecture docs-sessions:
	$(eval trouble := $(shell KDIR='$(KDIR)' RUSTC='$(RUSTC)' BINDGEN='$(BINDGEN)' $(LAB) trouble $@))$(if $(trouble),$(error $(trouble)))
	@$(LAB) $@

uninstall:
	@$(LAB) uninstall

# What building in place leaves; the names are Kbuild's.
clean:
	@rm -rf .build .module-common.o .modules.order.cmd modules.order Module.symvers
	@find . -path ./.git -prune -o -type f \( -name '*.o' -o -name '*.ko' -o -name '*.mod' \
		-o -name '*.mod.c' -o -name '.*.cmd' -o -name '.*.d' -o -name '*_generated.rs' \) \
		-exec rm -f {} +

distclean: clean
	@echo "removing the lab's cache: $$($(LAB) cache)"
	@$(LAB) distclean

help:
	@echo 'make           build bsdtun.ko for KDIR; without it, for the running kernel if that'
	@echo '               can be built for, else for the Debian kernel of the lab'
	@echo 'make install   build and install the module, and headers, manual pages, rules for'
	@echo '               udev, plugins of ip(8) (DESTDIR=, INSTALL_MOD_PATH=, PREFIX=)'
	@echo 'make uninstall remove all that, for all kernels'
	@echo
	@echo 'As root on Debian 12 or 13; each installs and makes what it needs:'
	@echo 'make demo      boot a Debian kernel in a virtual machine, ping across /dev/bsdtun0'
	@echo 'make check     the whole test suite, on Debian'"'"'s kernel and on one that watches'
	@echo '               memory, locks and leaks (built once, in a quarter of an hour)'
	@echo '  TEST=tun       one file of tests    TEST=tun:NAME  one case of it'
	@echo '  KERNEL=stock   on one kernel only: stock, uml, debug, cfi, builtin, arm64'
	@echo 'make check-all on all: also on a debug kernel that is emulated, with control flow integrity'
	@echo '               and real-time preemption, with the driver in the kernel'"'"'s own tree,'
	@echo '               and on arm64'
	@echo 'make check-programs'
	@echo '               programs that others wrote for the BSDs: fetched, built, and made to'
	@echo '               carry packets; PROGRAMS_SKIP="tinc openvpn scapy" leaves some out'
	@echo 'make check-package'
	@echo '               the Debian packages, installed in a Debian 13 that has nothing else'
	@echo 'make coverage  which lines of the driver the tests reach, and which they do not'
	@echo 'make fuzz      make up inputs for the pure modules and system calls for the driver, for'
	@echo '               long; FUZZ_SECONDS=600 each, FUZZ_SEED=1'
	@echo 'make package   build them, in .build/packages'
	@echo 'make shell     a virtual machine with the module loaded, to play in'
	@echo 'make bench     Linux'"'"'s tun and bsdtun side by side, by time and by instructions'
	@echo "  BENCH='tap:*'  only work whose name matches"
	@echo 'make soak      storms on the debug kernel, everything at once, for SOAK=20 minutes;'
	@echo '               SOAK_SEED=N repeats those of a run'
	@echo 'make docs      the documentation as HTML, in .build/docs'
	@echo 'make docs-architecture'
	@echo '               draw the picture of the modules anew, Documentation/architecture.svg'
	@echo 'make docs-sessions'
	@echo '               capture anew what the pages show; with TEST=NAME one session'
	@echo
	@echo 'make clean     remove what was built in this tree'
	@echo 'make distclean the same, and the cache of the lab, which all clones share'
	@echo
	@echo 'The cache is in BSDTUN_CACHE, by default ~/.cache/bsdtun: $(shell $(LAB) cache)'
