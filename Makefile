# SPDX-License-Identifier: GPL-2.0
#
# For developers and 'make install'. The kernel's build reads Kbuild, and not this file.

LAB := tools/lab/lab

# From the command line or the environment, see 'make help'.
export KDIR KERNEL TEST MODEL BENCH BENCH_BY BENCH_CPUS BENCH_MITIGATIONS SOAK SOAK_SEED \
	FUZZ_SECONDS FUZZ_SEED PROGRAMS_SKIP DESTDIR INSTALL_MOD_PATH PREFIX V LLVM RUSTC BINDGEN

.DEFAULT_GOAL := module

TARGETS := module install demo check check-all check-programs check-package check-models coverage \
	fuzz soak package shell bench docs docs-architecture docs-sessions

.PHONY: $(TARGETS) uninstall clean distclean help

# If the target cannot work here, one line says why.
$(TARGETS):
	$(eval problem := $(shell KDIR='$(KDIR)' RUSTC='$(RUSTC)' BINDGEN='$(BINDGEN)' \
		$(LAB) preflight $@))$(if $(problem),$(error $(problem)))
	@$(LAB) $@

uninstall:
	@$(LAB) uninstall

# What a build in this tree leaves. The file names are Kbuild's.
clean:
	@rm -rf .build .module-common.o .modules.order.cmd modules.order Module.symvers
	@find . -path ./.git -prune -o -type f \( -name '*.o' -o -name '*.ko' -o -name '*.mod' \
		-o -name '*.mod.c' -o -name '.*.cmd' -o -name '.*.d' -o -name '*_generated.rs' \) \
		-exec rm -f {} +

distclean: clean
	@echo "removing the lab's cache: $$($(LAB) cache)"
	@$(LAB) distclean

help:
	@echo 'make                build bsdtun.ko for KDIR; by default for the running kernel, or, if'
	@echo '                    that is not possible, for the Debian kernel of the lab'
	@echo 'make install        build and install the module, headers, manual pages, udev rules and'
	@echo '                    plugins of ip(8); DESTDIR=, INSTALL_MOD_PATH=, PREFIX='
	@echo 'make uninstall      remove them, for all kernels'
	@echo
	@echo 'As root on Debian 12 or 13, amd64; what these need is downloaded and built once:'
	@echo 'make demo           boot a Debian kernel in a virtual machine, ping through bsdtun0'
	@echo 'make check          check the sources, run all tests on the stock kernel and on User'
	@echo '                    Mode Linux with KASAN, lockdep and kmemleak'
	@echo '  TEST=read           only selftests/read.c; TEST=read:CASE only one case of it'
	@echo '  KERNEL=stock        only on one kernel: stock, uml, debug, cfi, builtin, arm64'
	@echo 'make check-all      on all of these: also an emulated debug kernel, CFI with PREEMPT_RT,'
	@echo '                    the driver in the kernel tree, and arm64'
	@echo 'make check-programs build third-party programs from their BSD code and let them carry'
	@echo '                    packets; TEST=tinc, PROGRAMS_SKIP="tinc openvpn scapy"'
	@echo 'make check-package  build the Debian packages, install and use them on a Debian 13'
	@echo 'make check-models   check models of the driver in every order of events; MODEL=lifecycle'
	@echo 'make package        build the Debian packages, into .build/packages'
	@echo 'make coverage       report which lines of the driver the tests reach'
	@echo 'make fuzz           fuzz the pure modules, then the system calls;'
	@echo '                    FUZZ_SECONDS=600 each, FUZZ_SEED=1'
	@echo 'make soak           repeat the storm test; SOAK=20 minutes, SOAK_SEED=N repeats a run'
	@echo 'make bench          compare bsdtun with tun, by time and by instructions'
	@echo "  BENCH='tap:*'       only rows whose names match"
	@echo '  BENCH_BY=time       only by time, or by instructions'
	@echo '  BENCH_CPUS=4        with so many emulated CPUs'
	@echo '  BENCH_MITIGATIONS=on'
	@echo '                      with mitigations of processor flaws'
	@echo 'make shell          a virtual machine with the module loaded, and a shell'
	@echo 'make docs           the documentation as HTML, into .build/docs'
	@echo 'make docs-architecture'
	@echo '                    draw Documentation/architecture.svg'
	@echo 'make docs-sessions  capture Documentation/sessions; TEST=NAME only one'
	@echo
	@echo 'make clean          remove what was built in this tree'
	@echo 'make distclean      also remove the cache of the lab, which all clones share'
	@echo
	@echo 'BSDTUN_CACHE: the cache of the lab, by default ~/.cache/bsdtun: $(shell $(LAB) cache)'
