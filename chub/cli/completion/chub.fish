# Completion of chub for fish:  chub completion fish | source

function __chub_answers
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    for line in ($words[1] __complete -- $words[2..-1] "$current" 2>/dev/null)
        switch $line
            case :files
                set -l flag (string match -r -- '^--[^=]*=' "$current")
                printf "$flag%s\n" (__fish_complete_path (string replace -- "$flag" "" "$current"))
            case :directories
                set -l flag (string match -r -- '^--[^=]*=' "$current")
                printf "$flag%s\n" (__fish_complete_directories (string replace -- "$flag" "" "$current"))
            case '*'
                echo $line
        end
    end
end

complete -c chub -f -a '(__chub_answers)'
