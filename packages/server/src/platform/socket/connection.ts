import { WebSocket } from 'ws'

/** One open socket, as far as the transport knows it. Kept small: an idle one is mostly what Node and `ws` make of it. */
export interface Connection<State> {
  readonly socket: EdgeSocket
  readonly address: string
  /** Its user's own. */
  state: State
  /** False from the moment it is being closed, by whichever side. */
  open: boolean
  /** By when it must have been admitted; 0 once it is. */
  admitByMs: number
  heardAtMs: number
  pingedAtMs: number
  framesFullAtMs: number
  bytesFullAtMs: number
  badFramesFullAtMs: number
}

/** The connection hangs on its socket, so that one set of listeners serves all sockets. */
export class EdgeSocket extends WebSocket {
  connection: unknown = null
}
