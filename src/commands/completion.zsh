# Tab completion in zsh for schedbench, `python -m src.train` and `python scripts/NAME.py`
_schedbench_complete() {
    local -a program found
    program=(${~words[1]})
    if [[ ${words[1]:t} == python* ]]; then
        if ! [[ $words[2] == -m && $words[3] == src.train && $CURRENT -gt 3 ]] &&
            ! [[ $words[2] == *scripts/*.py && $CURRENT -gt 2 ]]; then
            _default
            return
        fi
        program+=(-m src.cli)
    fi
    found=("${(@f)$($program completion --candidates "${(@)words[1,CURRENT]}" 2>/dev/null)}")
    compadd -Q -- ${${(M)found:#* }% }
    compadd -Q -S '' -- ${found:#* }
    (( ${#found:#} )) || _default
}
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
compdef _schedbench_complete schedbench python python3
