import { type Shell, shells } from '../shells.ts';
import { verb } from '../verb.ts';

export const completion = verb({
  name: 'completion',
  says: 'Print the completion script of a shell.',
  explains:
    'Prints the script that completes kubectl-square. For kubectl square it is kubectl’s own completion that asks: an executable kubectl_complete-square on PATH answers it, which is the plugin by another name (npm installs it; otherwise make a link).',
  argument: { syntax: '<SHELL>', says: 'bash, zsh, fish or powershell.', completes: Object.keys(shells) },
  options: [],
  examples: [
    { says: 'For this bash', command: 'source <(kubectl square completion bash)' },
    {
      says: 'For every fish',
      command: 'kubectl square completion fish > ~/.config/fish/completions/kubectl-square.fish',
    },
    {
      says: 'For kubectl square itself',
      command:
        'ln -s "$(command -v kubectl-square)" "$(dirname "$(command -v kubectl-square)")/kubectl_complete-square"',
    },
  ],
  run({ names: [shell], screen }) {
    screen.out(shells[shell as Shell]);
    return Promise.resolve('ok');
  },
});
