# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# 'make check-models': models of the driver, checked by tools that try every order of events.

MODELS=(lifecycle memory)

lab_check_models()
{
	local model models=("${MODELS[@]}")

	if [ -n "${MODEL:-}" ]; then
		[[ " ${MODELS[*]} " == *" $MODEL "* ]] ||
			die "unknown model '$MODEL'; MODEL is one of: ${MODELS[*]}"
		models=("$MODEL")
	fi
	lab_ready check-models "$KERNEL_DEFAULT"
	check_begin
	models_root_get
	for model in "${models[@]}"; do
		check_stage "$model" "model_$model" || :
		# The figures.
		grep '^|' "$RUN/$model.log" || :
	done
	check_report
}

models_root_get()
{
	local hash

	hash=$(declare -f models_root_make | hash_of_code - "$TREE/tools/models/packages")
	entry_get "root-models-$hash" \
		"creating a Debian for the models (once; about two minutes)" models_root_make
	MODELS_ROOT=$ENTRY
}

models_root_make()
{
	printf 'deb [signed-by=%s] %s forky main\n' "$(host_keyring)" "$(host_mirror)" > "$RUN/forky.list"
	debian_make forky "$1" --variant=apt \
		--include="$(grep -vE '^(#|$)' "$TREE/tools/models/packages" | paste -sd,)"
}

# Like in_chroot, in the Debian for the models.
in_models()
{
	ROOT=$MODELS_ROOT in_chroot "$@"
}

model_lifecycle()
{
	in_models -- python3 /lab/tools/models/lifecycle/check.py /tmp
}

model_memory()
{
	in_models -- python3 /lab/tools/models/memory/check.py "$TREE" "$K_AT/source/tools/memory-model"
}
