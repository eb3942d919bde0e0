/** The completion scripts of `kubectl-square` itself. Each asks the program, which answers in cobra's form. */

const bash = `# bash completion for kubectl-square. Load it: source <(kubectl square completion bash)
_kubectl_square() {
  local line out directive words
  words=("\${COMP_WORDS[@]:1:COMP_CWORD}")
  out=$(kubectl-square __complete "\${words[@]}" 2>/dev/null) || return
  directive=\${out##*:}
  COMPREPLY=()
  while IFS= read -r line; do
    [[ $line == :* || -z $line ]] && continue
    COMPREPLY+=("\${line%%$'\\t'*}")
  done <<<"$out"
  if [[ $directive == 0 ]]; then
    compopt -o default 2>/dev/null
  fi
}
complete -F _kubectl_square kubectl-square
`;

const zsh = `#compdef kubectl-square
# zsh completion for kubectl-square. Load it: source <(kubectl square completion zsh)
_kubectl_square() {
  local out line directive
  local -a shown
  out=$(kubectl-square __complete "\${(@)words[2,$CURRENT]}" 2>/dev/null) || return
  directive=\${out##*:}
  while IFS= read -r line; do
    [[ $line == :* || -z $line ]] && continue
    if [[ $line == *$'\\t'* ]]; then
      shown+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
    else
      shown+=("\${line//:/\\\\:}")
    fi
  done <<<"$out"
  (( \${#shown} )) && _describe 'kubectl-square' shown
  [[ $directive == 0 ]] && _files
}
compdef _kubectl_square kubectl-square
`;

const fish = `# fish completion for kubectl-square. Load it: kubectl square completion fish | source
function __kubectl_square
  set -l words (commandline -opc) (commandline -ct)
  kubectl-square __complete $words[2..-1] 2>/dev/null | string match -v ':*'
end
complete -c kubectl-square -f -a '(__kubectl_square)'
complete -c kubectl-square -l kubeconfig -r -F
complete -c kubectl-square -l public-key -r -F
`;

const powershell = `# PowerShell completion for kubectl-square. Load it: kubectl square completion powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName 'kubectl-square' -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $words = @($commandAst.CommandElements | Select-Object -Skip 1 | ForEach-Object { "$_" })
  if ($wordToComplete -eq '') { $words += '' }
  kubectl-square __complete @words 2>$null | Where-Object { $_ -and -not $_.StartsWith(':') } | ForEach-Object {
    $word, $says = $_ -split "\`t", 2
    if (-not $says) { $says = $word }
    [System.Management.Automation.CompletionResult]::new($word, $word, 'ParameterValue', $says)
  }
}
`;

export const shells = { bash, zsh, fish, powershell } as const;
export type Shell = keyof typeof shells;
