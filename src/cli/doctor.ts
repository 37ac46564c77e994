import type { CommandModule } from 'yargs';

interface Check {
  readonly what: string;
  readonly fine: boolean;
  readonly says: string;
}

export const doctorCommand: CommandModule = {
  command: 'doctor',
  describe: 'Say which engines work on this machine, and why the others do not',
  async handler() {
    const checks = await examine();
    for (const { what, fine, says } of checks) process.stdout.write(`${fine ? '✓' : '✗'} ${what}: ${says}\n`);
  },
};

async function examine(): Promise<Check[]> {
  const { probeEngines } = await import('../engine/engine.ts');
  const { version } = await import('../train/environment.ts');
  const engines = await probeEngines();
  const first = engines.find(({ works }) => works);
  return [
    {
      what: 'medrobust',
      fine: true,
      says: `${version()}, Node ${process.version}, ${process.platform}-${process.arch}`,
    },
    ...engines.map(({ name, works, reason }) => ({
      what: name,
      fine: works,
      says: works ? 'works' : reason,
    })),
    { what: 'auto', fine: first !== undefined, says: first ? `takes ${first.name}` : 'finds no engine' },
  ];
}
