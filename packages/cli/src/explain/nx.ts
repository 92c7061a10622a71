import type { Explanations } from './explanation.ts';

/** NetX Duo's own services: packets, IP, ARP, ICMP, UDP, TCP. */
export const NX_EXPLANATIONS: Explanations = {
  NX_SUCCESS: {
    meaning: 'The service did what was asked.',
    cause: 'After a successful send the packet belongs to the stack; after any error it still belongs to the caller.',
  },
  NX_NO_PACKET: {
    meaning: 'No packet: the pool is empty, or the receive queue has nothing for the caller.',
    cause:
      'On allocate, copy or append, every packet of the pool is out: queued for transmission and not yet acknowledged, waiting in a receive queue, held for ARP, or leaked. On receive, nothing arrived within the wait option; with NX_NO_WAIT that is the normal answer.',
    remedy:
      'For a pool: look at its low-water mark and at the owners of the outstanding packets, then enlarge it, give receive and transmit pools of their own, or release what leaks. For a receive: wait longer, or use the notify callback.',
  },
  NX_UNDERFLOW: {
    meaning: 'The packet has no room in front of its data for the headers that are still to come.',
    cause:
      'It was allocated with a packet type of too little headroom (NX_RECEIVE_PACKET or NX_UDP_PACKET sent over TCP, an IPv4 type sent over IPv6), or the prepend pointer was moved by hand. A packet handed back by a failed send can also have lost its headroom.',
    remedy: 'Allocate with the type of the protocol that will send it: NX_TCP_PACKET, NX_UDP_PACKET, NX_IP_PACKET.',
  },
  NX_OVERFLOW: {
    meaning: 'The append pointer of the packet lies beyond the end of its payload, or the data does not fit.',
    cause:
      'Data was written into the packet directly and past its end, or a ping or raw payload is larger than one packet can hold.',
    remedy:
      'Fill packets with nx_packet_data_append, which chains further packets, or use a pool with larger payloads.',
  },
  NX_NO_MAPPING: {
    meaning: 'The interface does not need address resolution, so there is no mapping to give.',
    cause:
      'Address resolution was asked for on an interface without Ethernet addresses, such as a serial line or the loopback interface.',
    remedy: 'Ask on the Ethernet interface, or leave the resolution out.',
  },
  NX_DELETED: {
    meaning: 'The object was deleted while the caller was waiting on it.',
    cause: 'Another thread deleted the pool, socket or IP instance during the wait.',
    remedy: 'Stop the threads that use an object before deleting it.',
  },
  NX_POOL_ERROR: {
    meaning: 'The packet pool given is not one that was created.',
    cause: 'nx_packet_pool_create was not called or failed, or its control block was overwritten.',
    remedy: 'Check the status of nx_packet_pool_create before using the pool.',
  },
  NX_PTR_ERROR: {
    meaning: 'A pointer argument is null, or points to something that is not the object it should be.',
    cause:
      'An object was used before it was created or after it was deleted. nx_packet_release answers so when the packet is already free: a double release.',
    remedy:
      'Check the arguments in turn. For a double release, audit the pool: it names who released the packet first.',
  },
  NX_WAIT_ERROR: {
    meaning: 'The caller may not wait here.',
    cause:
      'A wait option other than NX_NO_WAIT was given by an initialization routine, a timer or an interrupt handler, which have no thread to suspend.',
    remedy: 'Give NX_NO_WAIT, or call from a thread.',
  },
  NX_SIZE_ERROR: {
    meaning: 'A size argument is too small or otherwise impossible.',
    cause:
      'The memory for a pool does not hold one packet, an ARP cache has no room for one entry, data of length 0 was appended, or an MSS is larger than the interface allows.',
    remedy:
      'For a pool, reserve at least payload size plus packet header (60 bytes on 32-bit machines, 104 on 64-bit) for each packet.',
  },
  NX_OPTION_ERROR: {
    meaning: 'An option has a value outside its range.',
    cause:
      'Typical: a TCP window of 0 or above 65535 without window scaling, a packet type that is not a multiple of 4, a time to live above 255, an unknown type of service or state.',
    remedy: 'Use the constants of the header file for options, and 1 to 65535 for the window.',
  },
  NX_DELETE_ERROR: {
    meaning: 'The object cannot be deleted in its present state.',
    cause: 'Something still uses it, such as packets of the pool or sockets of the instance.',
    remedy: 'Take down the users first: disconnect, unbind, delete the sockets, release the packets.',
  },
  NX_CALLER_ERROR: {
    meaning: 'The service may not be called from here.',
    cause: 'A service that needs a thread was called from an interrupt handler, a timer or during initialization.',
    remedy: 'Move the call into a thread; NetX documents the permitted callers of each service.',
  },
  NX_INVALID_PACKET: {
    meaning: 'The packet cannot be used for this: it is empty or carries no valid header.',
    cause:
      'A packet of length 0 was sent over TCP or copied, or the source of a packet was asked for that did not come from a receive.',
    remedy: 'Append data before sending; extract the source only from received packets.',
  },
  NX_INVALID_SOCKET: {
    meaning: 'The socket is not of the kind, or not in the state, that the service needs.',
    cause:
      'A client service was called with a server socket or the other way round, or the session belongs to another socket.',
    remedy:
      'Use nx_tcp_client_... services on sockets that connect and nx_tcp_server_... services on sockets that listen.',
  },
  NX_NOT_ENABLED: {
    meaning: 'The protocol is not enabled on this IP instance.',
    cause: 'nx_arp_enable, nx_icmp_enable, nx_udp_enable, nx_tcp_enable, nxd_ipv6_enable or the like was not called.',
    remedy: 'Enable the protocol once, right after nx_ip_create.',
  },
  NX_ALREADY_ENABLED: {
    meaning: 'The protocol is already enabled on this IP instance.',
    cause: 'The enable service was called twice.',
    remedy: 'Harmless: keep one of the two calls.',
  },
  NX_ENTRY_NOT_FOUND: {
    meaning: 'There is no such entry.',
    cause:
      'The ARP or ND cache has no mapping for the address, the multicast group was never joined, or no listen request exists for the port.',
    remedy: 'Check the address or port; a dynamic ARP entry appears only after traffic.',
  },
  NX_NO_MORE_ENTRIES: {
    meaning: 'The table has no free place.',
    cause:
      'One of these is full: ARP cache, routing table, list of multicast groups, of IPv6 addresses, of default routers.',
    remedy: 'Delete entries no longer needed, or build with a larger table (for ARP, give nx_arp_enable more memory).',
  },
  NX_ARP_TIMER_ERROR: {
    meaning: 'The ARP timer could not be created.',
    cause: 'The underlying timer service refused, usually because the timer memory was already in use.',
    remedy: 'Check that the IP instance was created once and its control block is not reused.',
  },
  NX_RESERVED_CODE0: {
    meaning: 'A number kept free by NetX; no service returns it.',
    cause: 'Seeing it means that the variable was overwritten or never was a status.',
    remedy: 'Look for uninitialized memory.',
  },
  NX_WAIT_ABORTED: {
    meaning: 'The wait was ended from outside before anything happened.',
    cause: 'Another thread called tx_thread_wait_abort for the waiting thread.',
    remedy: 'Treat it as a request to stop; any packet passed in is still yours.',
  },
  NX_IP_INTERNAL_ERROR: {
    meaning: 'An object that the IP instance needs for itself could not be created.',
    cause: 'The stack memory of the IP thread is invalid or too small, or a ThreadX object of it exists already.',
    remedy: 'Check the stack pointer and size given to nx_ip_create, and that the control block is fresh.',
  },
  NX_IP_ADDRESS_ERROR: {
    meaning: 'The IP address is invalid, or there is no way to reach it.',
    cause:
      'It is 0, or of the wrong kind (a group address where a host is wanted); or no interface and no route leads to it because the gateway is missing; or the interface has no address yet.',
    remedy: 'Check address and mask of the interface, then set a gateway or a static route for other networks.',
  },
  NX_ALREADY_BOUND: {
    meaning: 'The socket is already bound to a port.',
    cause: 'bind was called twice, or listen or relisten was given a socket that still holds a connection.',
    remedy: 'Unbind first (client), or unaccept and relisten (server).',
  },
  NX_PORT_UNAVAILABLE: {
    meaning: 'Another socket has the port.',
    cause:
      'Ports belong to the whole IP instance, without regard to addresses, and clients and servers share them. A connection in TIMED_WAIT holds its port for 240 s.',
    remedy: 'Bind to NX_ANY_PORT, choose another port, or wait with a wait option until the other socket unbinds.',
  },
  NX_NOT_BOUND: {
    meaning: 'The socket is not bound to a port.',
    cause: 'connect, send or receive was called before bind, or after unbind or unaccept.',
    remedy: 'Bind the socket first.',
  },
  NX_RESERVED_CODE1: {
    meaning: 'A number kept free by NetX; no service returns it.',
    cause: 'Seeing it means that the variable was overwritten or never was a status.',
    remedy: 'Look for uninitialized memory.',
  },
  NX_SOCKET_UNBOUND: {
    meaning: 'The socket was unbound while the caller was waiting on it.',
    cause: 'Another thread called unbind or delete during a wait.',
    remedy: 'Let the waiting thread end before unbinding.',
  },
  NX_NOT_CREATED: {
    meaning: 'The object was never created, or no longer exists.',
    cause: 'Deleting a socket twice, or one whose create failed.',
    remedy: 'Check the status of the create service.',
  },
  NX_SOCKETS_BOUND: {
    meaning: 'The IP instance still has sockets.',
    cause: 'nx_ip_delete was called with TCP or UDP sockets bound.',
    remedy: 'Disconnect, unbind and delete all sockets first.',
  },
  NX_NO_RESPONSE: {
    meaning: 'The other side did not answer in time.',
    cause:
      'A ping got no reply: the host is down, does not answer echo, its answer is filtered, the route back is missing, or ARP got no answer. A packet larger than the MTU also vanishes while fragmentation is off, which is the default.',
    remedy:
      'Look at the capture: no ARP reply means the wrong network or a dead host; requests without replies mean a filter or a missing route back.',
  },
  NX_POOL_DELETED: {
    meaning: 'The pool was deleted while the caller was waiting for a packet of it.',
    cause: 'nx_packet_pool_delete was called during an allocate with a wait option.',
    remedy: 'Stop the users of a pool before deleting it.',
  },
  NX_ALREADY_RELEASED: {
    meaning: 'The packet is already free.',
    cause: 'It was released twice, or released after a successful send had passed it to the stack.',
    remedy: 'After a successful send, forget the packet. NetX itself reports most double releases as NX_PTR_ERROR.',
  },
  NX_RESERVED_CODE2: {
    meaning: 'A number kept free by NetX; no service returns it.',
    cause: 'Seeing it means that the variable was overwritten or never was a status.',
    remedy: 'Look for uninitialized memory.',
  },
  NX_MAX_LISTEN: {
    meaning: 'No listen request is free.',
    cause: 'The IP instance has its maximum of listening ports, 10 unless built otherwise.',
    remedy: 'Unlisten ports no longer used, or build with a larger NX_MAX_LISTEN_REQUESTS.',
  },
  NX_DUPLICATE_LISTEN: {
    meaning: 'The port is already being listened on.',
    cause: 'nx_tcp_server_socket_listen was called a second time for a port; further sockets are given with relisten.',
    remedy: 'Use nx_tcp_server_socket_relisten for the next socket of the same port.',
  },
  NX_NOT_CLOSED: {
    meaning: 'The socket has a connection, or the rest of one.',
    cause:
      'connect on a socket that is not CLOSED, unbind before the connection ended, or listen or relisten with a socket in use.',
    remedy: 'Disconnect first; a server socket also needs unaccept.',
  },
  NX_NOT_LISTEN_STATE: {
    meaning: 'The socket is not waiting for a connection.',
    cause: 'accept without listen or relisten before it, or unaccept on a connection that is still established.',
    remedy: 'The order is listen, accept, disconnect, unaccept, relisten, accept. Disconnect before unaccept.',
  },
  NX_IN_PROGRESS: {
    meaning: 'The service started, and the end will come later.',
    cause:
      'connect or accept with NX_NO_WAIT. A disconnect with NX_NO_WAIT also answers so, although it is over: it resets the connection at once.',
    remedy:
      'Wait for the state with nx_tcp_socket_state_wait or a notify callback. To close in order, disconnect with a wait option.',
  },
  NX_NOT_CONNECTED: {
    meaning: 'There is no connection: it could not be made, or it is gone.',
    cause:
      'On connect: refused with RST, timed out, the address did not answer ARP, or the wait option ran out; NetX has one status for all of them. On send and receive: the other side closed or reset, retransmissions were given up after 10 attempts, or the socket is back in LISTEN.',
    remedy:
      'Look at the capture: RST after SYN is a closed port; SYN without an answer is a filter or a dead host; no SYN is ARP. A server socket then needs unaccept and relisten.',
  },
  NX_WINDOW_OVERFLOW: {
    meaning: "The data does not fit into the other side's receive window (or the congestion window) now.",
    cause:
      'The receiver reads more slowly than the sender writes and has closed its window, or segments are lost and their acknowledgements are missing. Given at once with NX_NO_WAIT, otherwise when the wait option runs out.',
    remedy:
      'Wait with a wait option, or send again after a window update. The packet is still yours; if part of it was sent, it holds only the rest. On the receiving side, read faster or open a larger window.',
  },
  NX_ALREADY_SUSPENDED: {
    meaning: 'Another thread already waits on this object, and only one may.',
    cause: 'Two threads called the same waiting service on one object.',
    remedy: 'Leave the waiting to one thread.',
  },
  NX_DISCONNECT_FAILED: {
    meaning: 'The connection did not close in order within the wait option.',
    cause:
      'The other side did not acknowledge the FIN, or did not send its own. The socket was then closed locally; unsent data is lost.',
    remedy: 'Wait longer. If the other side keeps its half open on purpose, shut it down there.',
  },
  NX_STILL_BOUND: {
    meaning: 'The socket is still bound to a port and cannot be deleted.',
    cause: 'unbind (client) or unaccept and unlisten (server) was left out, or failed unnoticed.',
    remedy: 'Unbind, then delete.',
  },
  NX_NOT_SUCCESSFUL: {
    meaning: 'It did not happen within the time given.',
    cause: 'The interface did not come up, the state was not reached, or the entry to be deleted or set was not there.',
    remedy: 'Check the condition that was waited for; a link that is down is the usual one.',
  },
  NX_UNHANDLED_COMMAND: {
    meaning: 'The driver does not know this command.',
    cause: 'A direct command that is optional was sent to a driver that lacks it.',
    remedy: 'Do without, or use a driver that has it.',
  },
  NX_NO_FREE_PORTS: {
    meaning: 'Every port of the searched range is taken.',
    cause: 'Sockets are bound and never unbound, or thousands of connections wait in TIMED_WAIT.',
    remedy: 'Unbind sockets after use.',
  },
  NX_INVALID_PORT: {
    meaning: 'The port number is outside 1 to 65535.',
    cause: 'Port 0 was given where a port is needed, or the number is too large, or its bytes are swapped.',
    remedy: 'Give the port as a plain number in host byte order.',
  },
  NX_INVALID_RELISTEN: {
    meaning: 'The port cannot be listened on again this way.',
    cause: 'Nobody listens on the port, or a socket is already waiting for it.',
    remedy: 'Call listen once per port, then relisten each time after the waiting socket has got a connection.',
  },
  NX_CONNECTION_PENDING: {
    meaning: 'relisten found a waiting client: the socket has got its connection request.',
    cause: 'A SYN was in the listen queue. This is not an error.',
    remedy: 'Call accept for the socket now.',
  },
  NX_TX_QUEUE_DEPTH: {
    meaning: 'The transmit queue of the socket is full.',
    cause:
      'It holds packets, not bytes: 20 by default. Small packets that wait for acknowledgement fill it long before the window does, above all when the receiver delays its acknowledgements.',
    remedy: 'Wait with a wait option, send larger packets, or raise the depth with nx_tcp_socket_transmit_configure.',
  },
  NX_NOT_IMPLEMENTED: {
    meaning: 'The service has no implementation here.',
    cause: 'It belongs to an option that is not built in.',
    remedy: 'Build with the option, or do without.',
  },
  NX_NOT_SUPPORTED: {
    meaning: 'The service exists but is not built in, or does not apply to this object.',
    cause:
      'Typical: notify services without NX_ENABLE_EXTENDED_NOTIFY_SUPPORT, the low-water mark without NX_ENABLE_LOW_WATERMARK, IPv6 services in an IPv4 build, static routes without NX_ENABLE_IP_STATIC_ROUTING.',
    remedy: 'Turn on the option that the service needs.',
  },
  NX_INVALID_INTERFACE: {
    meaning: 'The interface does not exist or cannot carry this.',
    cause:
      'The index is too large, the interface is not attached or is down, or its MTU is too small for a TCP header.',
    remedy: 'Check the index and that the link is up.',
  },
  NX_INVALID_PARAMETERS: {
    meaning: 'The arguments do not fit together or are out of range.',
    cause:
      'For nx_packet_allocate: the headroom asked for is larger than the payload of the pool. Otherwise an address, mask or handle that makes no sense.',
    remedy: 'Compare each argument with what the service documents.',
  },
  NX_NOT_FOUND: {
    meaning: 'What was looked for does not exist.',
    cause: 'No gateway is set, no default router is known, or no route leads to the destination.',
    remedy: 'Set it first; an IPv6 router appears after a router advertisement.',
  },
  NX_CANNOT_START: {
    meaning: 'The service could not be started.',
    cause: 'Something that it depends on is missing, or it is running already.',
    remedy: 'Check the order of initialization.',
  },
  NX_NO_INTERFACE_ADDRESS: {
    meaning: 'No interface has an address that this packet could be sent from.',
    cause:
      'The interface has no address of the right family yet, DHCP is not finished, or duplicate address detection of the IPv6 address is still running.',
    remedy: 'Wait for the address; an IPv6 address can be used about 3 s after it was set.',
  },
  NX_INVALID_MTU_DATA: {
    meaning: 'The MTU given is unusable.',
    cause: 'It is smaller than the smallest MTU of the protocol: 1280 bytes for IPv6.',
    remedy: 'Give an MTU that the protocol allows.',
  },
  NX_DUPLICATED_ENTRY: {
    meaning: 'The same entry exists already.',
    cause: 'The address is already on an interface, or the interface is already attached.',
    remedy: 'Harmless when it was meant; otherwise look for the place that set it first.',
  },
  NX_PACKET_OFFSET_ERROR: {
    meaning: 'The offset lies behind the data of the packet.',
    cause: 'nx_packet_data_extract_offset was asked for bytes from the end of the packet on, or later.',
    remedy: 'Compare the offset with nx_packet_length.',
  },
  NX_OPTION_HEADER_ERROR: {
    meaning: 'The options of a received header are malformed.',
    cause: 'An option has a length that does not fit into the header: a faulty sender, or a packet damaged on purpose.',
    remedy: 'Look at the packet in the capture; it was dropped.',
  },
  NX_CONTINUE: {
    meaning: 'A step inside the stack is not finished and goes on.',
    cause: 'Used between parts of the stack, for example while a header chain is walked.',
    remedy: 'An application should not see it.',
  },
  NX_TCPIP_OFFLOAD_ERROR: {
    meaning: 'The network adapter that does TCP/IP itself reported a failure.',
    cause: 'An offload driver refused a connect, send or receive.',
    remedy: 'Look at what the adapter or its driver reports.',
  },
};
