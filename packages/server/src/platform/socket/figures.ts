import type { Metrics } from '../metrics.ts'

/** What is counted of sockets, whatever they are for. Made once for a server; each endpoint counts under its path. */
export const socketFigures = (metrics: Metrics) => ({
  connections: metrics.gauge('socket_connections', 'Open sockets', ['path']),
  frames: metrics.counter('socket_frames_total', 'Frames that went in or out', ['path', 'direction']),
  closes: metrics.counter('socket_closes_total', 'Sockets closed, by the reason why', ['path', 'reason']),
  refused: metrics.counter('socket_refused_total', 'Sockets not opened, by the code of the refusal', ['path', 'code']),
})

export type SocketFigures = ReturnType<typeof socketFigures>
