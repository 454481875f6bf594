/** Connect tokens of netcode 1.02: made by a backend, carried by a client, opened by the one server that has the key. */
export { type Address, parseAddress } from './addresses.ts'
export { type Dialect, dialects } from './dialects.ts'
export { openConnectToken, type PrivateToken, type PublicToken, readConnectToken } from './read.ts'
export { type ConnectTokenInput, connectToken, keyBytes, nonceBytes, userDataBytes } from './token.ts'
