/** A command of ours as it is typed here: in a clone by npm, elsewhere `medrobust train demo`. */
export function calledAs(command: string): string {
  if (!['train', 'evaluate', 'medrobust', 'demo'].includes(process.env.npm_lifecycle_event ?? ''))
    return `medrobust ${command}`;
  const [first = '', ...words] = command.split(' ');
  const script = first === 'train' || first === 'evaluate' ? [first, '--'] : ['medrobust', '--', first];
  return ['npm run', ...script, ...words].join(' ');
}
