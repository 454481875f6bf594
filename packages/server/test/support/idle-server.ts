/** A launched server that says that it is ready, and then does nothing: for who looks at Muster alone. */
export const idleServer = (ports: [number, number]) => ({
  command: ['sh', '-c', 'echo "MUSTER_READY port=$MUSTER_PORT"; exec sleep 3600'],
  ...{ ports, processesMax: ports[1] - ports[0] + 1, lingerS: 0, stopGraceS: 1 },
})
