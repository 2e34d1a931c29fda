# Tab completion in bash for schedbench, `python -m src.train` and `python scripts/NAME.py`
_schedbench_complete() {
    local line=${COMP_LINE:0:COMP_POINT} words program current prefix
    read -ra words <<<"$line"
    [[ $line == *[[:space:]] ]] && words+=("")
    current=${words[${#words[@]} - 1]}
    program=("${words[0]/#\~/$HOME}")
    if [[ ${words[0]##*/} == python* ]]; then
        if ! [[ ${words[1]} == -m && ${words[2]} == src.train && ${#words[@]} -gt 3 ]] &&
            ! [[ ${words[1]} == *scripts/*.py && ${#words[@]} -gt 2 ]]; then
            return # `-o default` completes file names
        fi
        program+=(-m src.cli)
    fi
    mapfile -t COMPREPLY < <("${program[@]}" completion --candidates "${words[@]}" 2>/dev/null)
    if [[ $COMP_WORDBREAKS == *=* && $current == *=* && $current != [\'\"]* ]]; then
        prefix=${current%"${current##*=}"} # readline replaces only what follows the last =
        COMPREPLY=("${COMPREPLY[@]#"$prefix"}")
    fi
}
complete -o nospace -o default -F _schedbench_complete schedbench python python3
