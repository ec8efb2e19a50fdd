#compdef chub
# Completion of chub for zsh:  source <(chub completion zsh)  after compinit, or this file as _chub in $fpath

_chub() {
    local line value
    local -a described plain
    for line in "${(@f)$(${(Q)words[1]/#\~/$HOME} __complete -- "${(@Q)words[2,CURRENT-1]}" "$PREFIX" 2> /dev/null)}"; do
        value=${line%%$'\t'*}
        case $value in
            '') ;;
            :files) compset -P '*='; _files; return ;;
            :directories) compset -P '*='; _files -/; return ;;
            "$line") plain+=("$value") ;;
            *) described+=("${value//:/\\:}:${line#*$'\t'}") ;;
        esac
    done
    ((${#described})) && _describe chub described
    ((${#plain})) && compadd -a plain
}

if [[ $funcstack[1] == _chub ]]; then _chub "$@"; else compdef _chub chub; fi
