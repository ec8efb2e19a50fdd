# Completion of chub for bash 4.4 and newer:  source <(chub completion bash)

_chub() {
    # bash has cut words at ":" and "=": what no blank parts is put together again.
    local line=${COMP_LINE:0:COMP_POINT} words=() word rest index
    for ((index = 0; index <= COMP_CWORD; index++)); do
        word=${COMP_WORDS[index]}
        rest=${line#"${line%%[![:space:]]*}"}
        if ((index)) && [[ $rest == "$line" ]]; then words[-1]+=$word; else words+=("$word"); fi
        line=${rest#"$word"}
    done

    # What stands before the last ":" or "=" stays on the line, and is not part of the answer.
    local breaks=${COMP_WORDBREAKS//[^:=]/} kept=""
    word=${words[-1]}
    if [[ $breaks ]]; then kept=${word%"${word##*[$breaks]}"}; fi

    COMPREPLY=()
    local value about
    while IFS=$'\t' read -r value about; do
        case $value in
            :files) compopt -o default ;;
            :directories) compopt -o dirnames ;;
            *) COMPREPLY+=("${value:${#kept}}") ;;
        esac
    done < <("${words[0]/#\~/$HOME}" __complete -- "${words[@]:1}" 2> /dev/null)
}

complete -F _chub chub
