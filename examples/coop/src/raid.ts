import type { Admitted, GameSession } from '@muster/gameserver'
import type { WebSocket } from 'ws'
import { type ClientMessage, messageIn, type ServerMessage } from './wire.ts'

interface Friend {
  admitted: Admitted
  socket: WebSocket
  strikes: number
}

const difficultyMax = 5
const healthOf = (difficulty: number) => difficulty * 4

/** Friends against one beast: the host says how strong it is, then all strike until it falls. */
export function runRaid(session: GameSession, end: () => void) {
  const friends = new Map<string, Friend>()
  let health: number | null = null
  let starting = false

  const send = ({ socket }: Friend, message: ServerMessage) => socket.send(JSON.stringify(message))
  const tellAll = (messageFor: ServerMessage | ((friend: Friend) => ServerMessage)) => {
    for (const friend of friends.values())
      send(friend, typeof messageFor === 'function' ? messageFor(friend) : messageFor)
  }
  const lobby = (friend: Friend): ServerMessage => ({
    ...{ type: 'lobby', host: friend.admitted.role === 'host' },
    players: [...friends.values()].map(({ admitted }) => admitted.nick),
  })

  async function choose(friend: Friend, difficulty: unknown) {
    const chosen = Number(difficulty)
    const mayChoose = friend.admitted.role === 'host' && health === null && !starting
    if (!mayChoose || !Number.isInteger(chosen) || chosen < 1 || chosen > difficultyMax) return
    starting = true
    // Play goes on once Muster has acknowledged it: from then on nobody joins any more.
    await session.started({ difficulty: chosen })
    health = healthOf(chosen)
    tellAll({ type: 'started', difficulty: chosen, health })
  }

  async function strike(friend: Friend) {
    if (health === null || health === 0) return
    health--
    friend.strikes++
    tellAll({ type: 'hit', by: friend.admitted.nick, health })
    if (health > 0) return
    const strikes = Object.fromEntries([...friends].map(([player, one]) => [player, one.strikes]))
    const players = [...friends.keys()] as GameSession['players'][number][]
    await session.result({
      teams: [{ players, rank: 1 }],
      stats: Object.fromEntries(Object.entries(strikes).map(([player, count]) => [player, { strikes: count }])),
    })
    tellAll({ type: 'won', strikes })
    end()
  }

  function hear(friend: Friend, message: ClientMessage | null) {
    if (message?.type === 'choose') return choose(friend, message.difficulty)
    if (message?.type === 'strike') return strike(friend)
    return undefined
  }

  return {
    /** Lets a player in by a ticket; answers why not, or null. */
    enter(ticket: string, socket: WebSocket): string | null {
      const admission = session.admit(ticket)
      if (!admission.ok) return admission.reason
      const { admitted } = admission
      const before = friends.get(admitted.player)
      before?.socket.close(1000, 'came in anew')
      const friend = { admitted, socket, strikes: before?.strikes ?? 0 }
      friends.set(admitted.player, friend)
      socket.on('message', (data) => {
        void hear(friend, messageIn(String(data)))?.catch((error: Error) => stop(error.message))
      })
      socket.on('close', () => {
        if (friends.get(admitted.player) !== friend) return
        if (health === null) friends.delete(admitted.player)
        session.left(admitted.player)
        tellAll(lobby)
      })
      if (health === null) tellAll(lobby)
      else send(friend, { type: 'started', difficulty: Math.ceil(health / 4), health })
      return null
    },
    /** The host has removed a player. */
    drop(player: string) {
      friends.get(player)?.socket.close(1008, 'kicked')
    },
    stop,
  }

  function stop(reason: string) {
    tellAll({ type: 'ended', reason })
    end()
  }
}

export type Raid = ReturnType<typeof runRaid>
