import type { Contract, Who } from '@muster/protocol'
import type { Person, World } from '../support/peopled-world.ts'
import type { RouteRow } from './route-rows.ts'

export interface Role {
  name: string
  /** What the contracts call it. */
  is: readonly Who[]
  /** Whose things are this one's. */
  owns: 'left' | 'right' | 'nothing'
  /** What it calls with; none for a stranger. */
  token(world: World, row: RouteRow): string | undefined | Promise<string>
}

/** Whoever does not survive the call is somebody made for it. */
const unlessItEnds = async (world: World, row: RouteRow, person: Person): Promise<string> =>
  (row.endsCaller === true ? await world.guest() : person).access_token

/** Everybody who may come with something that is good. */
export const roles: readonly Role[] = [
  { name: 'a stranger', is: ['anyone'], owns: 'nothing', token: () => undefined },
  {
    name: 'a guest without anything',
    is: ['anyone', 'player'],
    owns: 'nothing',
    token: (world, row) => unlessItEnds(world, row, world.bystander),
  },
  ...(['left', 'right'] as const).map(
    (side): Role => ({
      name: `a player on the ${side}`,
      is: ['anyone', 'player'],
      owns: side,
      token: (world, row) => unlessItEnds(world, row, world[side][row.players ?? 'seated'][0]),
    }),
  ),
  {
    name: 'an operator who signed in',
    is: ['anyone', 'player', 'operator'],
    owns: 'nothing',
    token: (world, row) => unlessItEnds(world, row, world.operator),
  },
  ...(['left', 'right'] as const).flatMap((side): Role[] => [
    {
      name: `a game server’s key on the ${side}`,
      is: ['anyone', 'server'],
      owns: side,
      token: (world) => world[side].key.secret,
    },
    {
      name: `a report token on the ${side}`,
      is: ['anyone', 'report'],
      owns: side,
      token: (world) => world[side].report,
    },
  ]),
  { name: 'a service’s key', is: ['anyone', 'service'], owns: 'nothing', token: ({ keys }) => keys.service.secret },
  { name: 'an operator’s key', is: ['anyone', 'operator'], owns: 'nothing', token: ({ keys }) => keys.operator.secret },
]

/** What opens nothing, though it is well made, or was good, or is good for something else. */
export const useless: readonly Pick<Role, 'name' | 'token'>[] = [
  { name: 'a ticket', token: ({ left }) => left.ticket },
  { name: 'a ticket key', token: ({ left }) => left.ticketKey },
  { name: 'a refresh token', token: ({ left }) => left.seated[0].refresh_token },
  { name: 'a revoked key', token: ({ keys }) => keys.revoked.secret },
  {
    name: 'an access token with another’s claims',
    token: ({ left, right }) => spliced(left.seated[0], right.seated[0]),
  },
  {
    name: 'a report token of another’s session',
    token: ({ left, right }) => left.report.slice(0, -9) + right.report.slice(-9),
  },
  { name: 'a player’s id', token: ({ left }) => left.seated[0].user_id },
]

/** One token’s header and signature around the other’s claims. */
const spliced = (one: Person, other: Person): string => {
  const [header, , signature] = one.access_token.split('.')
  return [header, other.access_token.split('.')[1], signature].join('.')
}

export type Verdict = 'passes' | 'is not let in' | 'may not have it'

/** What a role must meet at a call that names something of `side`. */
export function verdictOf(role: Role, { who }: Contract, row: RouteRow, side: 'left' | 'right'): Verdict {
  const as = who.filter((one) => role.is.includes(one))
  if (as.length === 0) return 'is not let in'
  if (row.thing === undefined || row.shown === true) return 'passes'
  // Whoever runs the place, or is its own backend, has a say in everything that the contract opens to them.
  if (as.includes('operator') || as.includes('service')) return 'passes'
  return role.owns === side ? 'passes' : 'may not have it'
}
