import type { BrowserContextOptions, Page } from 'playwright-core';
import { createInvitations, type Invitations, type Seller } from '../support/invitations.ts';
import type { Scene } from '../support/scene.ts';
import { staffToken } from '../support/staff-token.ts';
import type { Visitor } from '../support/visitor.ts';
import type { World } from '../support/world.ts';

/** What people do with browsers. */
export interface Stage extends Invitations {
  visitor(options?: BrowserContextOptions): Promise<Visitor>;
  /** The address of a page of ours. */
  address(path: string): string;
  /** The address of the page of a connection's seller. */
  page(connection: string): string;
  /** A Kubernetes token of somebody who may do that with connections of the namespace. */
  token(verbs: readonly string[], audience?: string): Promise<string>;
}

export function createStage(world: World, scene: Scene, visitor: Stage['visitor']): Stage {
  let people = 0;
  const address = (path: string) => `${world.frontDoor?.url}${path}`;
  return {
    ...createInvitations(world, scene),
    visitor,
    address,
    page: (connection) => address(`/connect/${world.namespace}/${connection}`),
    token(verbs, audience = 'square-operator') {
      const rights = verbs.length === 0 ? [] : [{ verbs, namespace: world.namespace }];
      return staffToken(world, `person-${++people}`, rights, [audience]);
    },
  };
}

/** Opens the link of a connection, and begins a sign-in from its page. */
export async function goToSquare({ page }: Visitor, link: string): Promise<void> {
  await page.goto(link);
  await page.getByRole('button', { name: /^Sign in (again )?with Square$/ }).click();
  await page.getByRole('button', { name: 'Sign in', exact: true }).waitFor();
}

/** At Square's page: who they are, and what they say. A seller who has allowed the application before is not asked. */
export async function decideAtSquare(page: Page, who: Seller, decision: 'Allow' | 'Deny' = 'Allow'): Promise<void> {
  await page.getByLabel('Seller account').selectOption(who.merchantID);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  const choice = page.getByRole('button', { name: decision, exact: true });
  await choice.or(page.locator('main#main')).first().waitFor();
  if (await choice.isVisible()) await choice.click();
}

/** The whole way from the link to the page that tells how it ended. */
export async function signIn(visitor: Visitor, link: string, who: Seller, decision?: 'Allow' | 'Deny'): Promise<void> {
  await goToSquare(visitor, link);
  await decideAtSquare(visitor.page, who, decision);
}

/** Signs in on the page of the platform team. */
export async function enter({ page }: Pick<Visitor, 'page'>, address: string, token: string): Promise<void> {
  await page.goto(address);
  await page.getByLabel(/^Token for the audience/).fill(token);
  await page.getByRole('button', { name: 'Sign in' }).click();
}
