package zmq

// maxSocketPath is how many bytes of path or name fit into a sockaddr_un.
const maxSocketPath = 107
