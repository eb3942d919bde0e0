import { exitCodeOf, Misuse, readFlags } from '../support/flags.ts';
import { startSimulator } from './simulator.ts';

const usage = `Plays Square on a loopback port, for tests and demonstrations.

  npm run simulator -- [--port P] [--state-file F] [--environment Production|Sandbox]

  --port         0, the default, takes a free one
  --state-file   keeps clients, sellers, tokens, clock and ledger across runs and kills
  --environment  Production, the default, or Sandbox

Controls: POST /_simulator/NAME with a JSON object; see test/simulator/README.md.`;

function numberOfPort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new Misuse(`--port is a number from 0 to 65535, not "${text}".`);
}

function environmentOf(text: string | undefined): { environment?: 'Production' | 'Sandbox' } {
  if (text === undefined) return {};
  if (text === 'Production' || text === 'Sandbox') return { environment: text };
  throw new Misuse(`--environment is Production or Sandbox, not "${text}".`);
}

async function main(): Promise<void> {
  const { values } = readFlags({
    options: {
      port: { type: 'string', default: '0' },
      'state-file': { type: 'string' },
      environment: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return console.log(usage);
  const stateFile = values['state-file'];
  const simulator = await startSimulator({
    port: numberOfPort(values.port),
    ...(stateFile === undefined ? {} : { stateFile }),
    ...environmentOf(values.environment),
  });
  console.log(`Square (${simulator.environment}) is played at ${simulator.url}`);
  const stop = () => void simulator.stop();
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
}

try {
  await main();
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = exitCodeOf(error);
}
