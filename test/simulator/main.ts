import { parseArgs } from 'node:util';
import { startSimulator } from './simulator.ts';

const usage = `Plays Square on a loopback port, for tests and demonstrations.

  npm run simulator -- [--port P] [--state-file F] [--environment Production|Sandbox]

  --port         0, the default, takes a free one
  --state-file   keeps clients, sellers, tokens, clock and ledger across runs and kills
  --environment  Production, the default, or Sandbox

Controls: POST /_simulator/NAME with a JSON object; see test/simulator/README.md.`;

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    'state-file': { type: 'string' },
    environment: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  console.log(usage);
} else {
  const port = Number(values.port);
  const { environment } = values;
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new Error('--port is a number from 0 to 65535');
  if (environment !== undefined && environment !== 'Production' && environment !== 'Sandbox') {
    throw new Error('--environment is Production or Sandbox');
  }
  const stateFile = values['state-file'];
  const simulator = await startSimulator({
    port,
    ...(stateFile === undefined ? {} : { stateFile }),
    ...(environment === undefined ? {} : { environment }),
  });
  console.log(`Square (${simulator.environment}) is played at ${simulator.url}`);
  const stop = () => void simulator.stop();
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
}
