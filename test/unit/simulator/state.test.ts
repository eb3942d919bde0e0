import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { days } from '../../../src/clock.ts';
import { startSimulator } from '../../simulator/simulator.ts';
import { aStage, post } from './stage.ts';

function aStateFile(): string {
  const directory = mkdtempSync(join(tmpdir(), 'square-simulator-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return join(directory, 'state');
}

describe('the state file', () => {
  it('brings back tokens, clock, settings and ledger', async () => {
    const stateFile = aStateFile();
    const first = await startSimulator({ stateFile, environment: 'Sandbox' });
    const { clientID } = first.addApplication();
    const { merchantID } = first.addSeller();
    const { refreshToken } = first.grant({ clientID, merchantID, flow: 'PKCE' });
    first.clock.advance(days(100));
    first.settings({ fifteenDayRule: true });
    const request = { client_id: clientID, grant_type: 'refresh_token', refresh_token: refreshToken.value };
    await post(`${first.url}/oauth2/token`, request);
    await first.stop();
    const second = await startSimulator({ stateFile });
    onTestFinished(() => second.stop());
    expect(second.environment).toBe('Sandbox');
    expect(second.settings().fifteenDayRule).toBe(true);
    expect(Math.abs(second.clock.now() - Date.now() - days(100))).toBeLessThan(1_000);
    expect(second.ledger.tokenRequests()).toMatchObject([{ outcome: 'refused', reason: 'expired refresh token' }]);
    expect(second.secrets()).toContain(refreshToken.value);
  });

  it('is read up to a line that a kill tore', async () => {
    const stateFile = aStateFile();
    const first = await startSimulator({ stateFile });
    const { clientID } = first.addApplication();
    await first.stop();
    appendFileSync(stateFile, '["applications","torn",{"cli');
    const second = await startSimulator({ stateFile });
    await second.stop();
    const text = readFileSync(stateFile, 'utf8');
    expect(text).toContain(clientID);
    expect(text).not.toContain('torn');
  });

  it('of one environment is not taken for the other', async () => {
    const stateFile = aStateFile();
    await (await startSimulator({ stateFile, environment: 'Sandbox' })).stop();
    await expect(startSimulator({ stateFile, environment: 'Production' })).rejects.toThrow(/Sandbox/);
  });
});

/** The simulator as a process of its own; gives its address. */
async function aProcess(stateFile: string): Promise<{ child: ChildProcess; url: string }> {
  const main = new URL('../../simulator/main.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [main, '--port', '0', '--state-file', stateFile]);
  onTestFinished(() => void child.kill('SIGKILL'));
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, url: /http:\S+/.exec(line.toString())?.[0] ?? '' };
}

describe('the simulator as a process', () => {
  it('knows after a kill every token it has given out, and ends on SIGTERM', async () => {
    const stateFile = aStateFile();
    const first = await aProcess(stateFile);
    const control = async (url: string, name: string, body: object = {}) =>
      (await post(`${url}/_simulator/${name}`, body)).body;
    const { clientID, clientSecret } = await control(first.url, 'addApplication');
    const { merchantID } = await control(first.url, 'addSeller');
    const { refreshToken } = await control(first.url, 'grant', { clientID, merchantID });
    const request = {
      client_id: clientID,
      client_secret: clientSecret,
      grant_type: 'refresh_token',
      refresh_token: (refreshToken as { value: string }).value,
    };
    const { body } = await post(`${first.url}/oauth2/token`, request);
    first.child.kill('SIGKILL');
    await once(first.child, 'exit');
    const second = await aProcess(stateFile);
    const answer = await fetch(`${second.url}/v2/locations`, {
      headers: { authorization: `Bearer ${String(body['access_token'])}` },
    });
    expect(answer.status).toBe(200);
    second.child.kill('SIGTERM');
    expect(await once(second.child, 'exit')).toEqual([0, null]);
  });
});

describe('the controls over HTTP', () => {
  it('move the clock, set faults and read the ledger', async () => {
    const { simulator, holder } = await aStage();
    const control = (name: string, body: object = {}) => post(`${simulator.url}/_simulator/${name}`, body);
    const { body } = await control('advanceClock', { by: days(1) });
    expect(Math.abs(Number(body['now']) - Date.now() - days(1))).toBeLessThan(1_000);
    const fault = await control('addFault', { endpoint: 'token', effect: { kind: 'answer', status: 503 }, times: 1 });
    expect((await post(`${simulator.url}/oauth2/token`, {})).status).toBe(503);
    expect((await control('faultHits', fault.body)).body).toEqual({ hits: 1 });
    await post(`${simulator.url}/oauth2/token`, { client_id: holder.clientID });
    expect((await control('tokenRequests')).body).toMatchObject([{ outcome: 'refused', reason: 'no grant_type' }]);
  });

  it('refuse what makes no sense with the reason', async () => {
    const { simulator } = await aStage();
    const control = (name: string, body: unknown) => post(`${simulator.url}/_simulator/${name}`, body);
    expect(await control('nothing', {})).toMatchObject({ status: 404 });
    expect(await control('grant', { clientID: 'x', merchantID: 'y' })).toMatchObject({
      status: 400,
      body: { error: 'no such application' },
    });
    expect((await control('advanceClock', { by: 'a day' })).status).toBe(400);
    expect((await control('settings', { fiftenDayRule: true })).status).toBe(400);
    expect((await control('settings', [])).status).toBe(400);
  });
});
