import { createSocket } from 'node:dgram'
import { createServer } from 'node:net'

/** Whether nobody listens there, over TCP or UDP. Whoever takes the port a moment later makes the server fail to start,
 *  which is seen and told. */
export async function isPortFree(host: string, port: number): Promise<boolean> {
  return (await isTcpFree(host, port)) && (await isUdpFree(host, port))
}

const isTcpFree = (host: string, port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)))
  })

const isUdpFree = (host: string, port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4')
    socket.once('error', () => {
      socket.close()
      resolve(false)
    })
    socket.bind({ address: host, port, exclusive: true }, () => socket.close(() => resolve(true)))
  })
