import { onTestFinished } from 'vitest';
import { type Simulator, type SimulatorOptions, startSimulator } from '../../simulator/simulator.ts';

/** A simulator that ends with the test. */
export async function aSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const simulator = await startSimulator(options);
  onTestFinished(() => simulator.stop());
  return simulator;
}

/** A simulator with one application and one seller of it. */
export async function aStage(options: SimulatorOptions = {}) {
  const simulator = await aSimulator(options);
  const application = simulator.addApplication();
  const seller = simulator.addSeller({ businessName: 'Bakery' });
  const holder = { clientID: application.clientID, merchantID: seller.merchantID };
  return { simulator, application, seller, holder };
}

/** Posts JSON with `fetch`, as a stranger would. */
export async function post(url: string, body: unknown, headers: Record<string, string> = {}) {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Record<string, unknown> };
}
