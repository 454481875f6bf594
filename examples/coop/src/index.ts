/** The raid, for programs that play it. */
export { enter, type Friend, type Way } from './friend.ts'
export type { ServerMessage } from './wire.ts'
