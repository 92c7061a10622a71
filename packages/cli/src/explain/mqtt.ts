import type { Explanations } from './explanation.ts';

/** The MQTT client, CONNACK refusals, and its WebSocket transport. */
export const MQTT_EXPLANATIONS: Explanations = {
  NXD_MQTT_SUCCESS: {
    meaning: 'The MQTT service did what was asked.',
    cause:
      'For publish and subscribe it means that the packet was handed to TCP, not that the broker has it: PUBACK and SUBACK come later, and the return code in a SUBACK is not looked at.',
  },
  NXD_MQTT_ALREADY_CONNECTED: {
    meaning: 'The client already has a connection.',
    cause: 'connect was called twice without a disconnect.',
    remedy: 'Disconnect first, or use the connection that is there.',
  },
  NXD_MQTT_NOT_CONNECTED: {
    meaning: 'The client has no connection to a broker.',
    cause: 'publish, subscribe or unsubscribe before connect, or after the broker or the network ended the connection.',
    remedy: 'Connect, and set a disconnect callback to learn when the connection goes.',
  },
  NXD_MQTT_MUTEX_FAILURE: {
    meaning: 'The mutex that protects the client could not be had.',
    cause: 'The client was not created, or was deleted by another thread.',
    remedy: 'Check that nxd_mqtt_client_create succeeded and the client still exists.',
  },
  NXD_MQTT_INTERNAL_ERROR: {
    meaning: 'The client could not create or build something that it needs.',
    cause:
      'On create: a thread, timer, mutex or event group was refused, often for a bad stack. On publish: the packet could not be filled.',
    remedy: 'Check the stack memory given to create, and that the payload size of the pool is sensible.',
  },
  NXD_MQTT_CONNECT_FAILURE: {
    meaning: 'No connection to the broker came about below MQTT.',
    cause:
      'One status for many causes: the TCP connection was refused or timed out, the address did not answer ARP, the TLS handshake failed (wrong CA, wrong name, expired certificate, no common cipher), or the CONNECT packet could not be sent. A client that once used TLS also fails so when it then connects without.',
    remedy:
      'Find the layer in the capture: no SYN is ARP or routing, RST is a closed port, an alert record is TLS, a CONNECT without an answer is the broker. The cause chain of the error names it: strata pub --trace tcp,mqtt shows each step.',
  },
  NXD_MQTT_PACKET_POOL_FAILURE: {
    meaning: 'The packet pool could not give a packet.',
    cause:
      'It is used up. Each QoS 1 message, SUBSCRIBE and UNSUBSCRIBE keeps a copy until it is acknowledged, TCP keeps every segment until then, and received messages stay in packets until they are read.',
    remedy: 'Enlarge the pool, read received messages promptly, bound the number of unacknowledged publishes.',
  },
  NXD_MQTT_COMMUNICATION_FAILURE: {
    meaning: 'Sending or receiving over the connection failed.',
    cause:
      'The TCP send did not go through in time, or no CONNACK came within the wait option. A QoS 1 message stays queued nevertheless and is delivered after a reconnect with a persistent session.',
    remedy: 'Reconnect. Do not publish a QoS 1 message again by yourself: it would arrive twice.',
  },
  NXD_MQTT_SERVER_MESSAGE_FAILURE: {
    meaning: 'The broker answered with something that is not a valid CONNACK.',
    cause:
      'The other side speaks another protocol or another version, the return code is above 5, or a session was reported as present although a clean one was asked for. NetX itself also refuses a CONNACK that shares its TCP segment with the next packet, or is split over two.',
    remedy: 'Look at the first bytes from the broker in the capture; check port and protocol.',
  },
  NXD_MQTT_INVALID_PARAMETER: {
    meaning: 'An argument is outside what MQTT or the client allows.',
    cause:
      'An empty topic, a QoS above 2, a message pointer without a length or the other way round, or a user name length without a name.',
    remedy: 'Check topic, lengths and QoS.',
  },
  NXD_MQTT_NO_MESSAGE: {
    meaning: 'No received message is waiting.',
    cause: 'nxd_mqtt_client_message_get never waits; an empty queue answers at once.',
    remedy: 'Call it from the receive notify callback, or until it answers so.',
  },
  NXD_MQTT_PACKET_POOL_EMPTY: {
    meaning: 'Declared for an empty packet pool; no service of NetX Duo 6.4 returns it.',
    cause: 'An empty pool is reported as NXD_MQTT_PACKET_POOL_FAILURE.',
    remedy: 'See NXD_MQTT_PACKET_POOL_FAILURE.',
  },
  NXD_MQTT_QOS2_NOT_SUPPORTED: {
    meaning: 'QoS 2 was asked for, and the NetX Duo client has none.',
    cause: 'publish, subscribe or a will with QoS 2. It is refused before anything is sent.',
    remedy:
      "Use QoS 1 and make the receiver tolerate duplicates; or name the client's extension qos2, which goes beyond NetX Duo.",
  },
  NXD_MQTT_INSUFFICIENT_BUFFER_SPACE: {
    meaning: 'The message does not fit into the buffers given.',
    cause: 'The topic or the payload is longer than the buffer for it. The message stays in the queue.',
    remedy: 'Call again with larger buffers.',
  },
  NXD_MQTT_CLIENT_NOT_RUNNING: {
    meaning: 'Declared for a client whose thread does not run; no service of NetX Duo 6.4 returns it.',
    cause: 'Documentation mentions it for the secure connect.',
    remedy: 'None: it should not be seen.',
  },
  NXD_MQTT_INVALID_PACKET: {
    meaning: 'A packet from the broker breaks the rules of MQTT.',
    cause: 'Its type, flags or lengths do not agree: a faulty broker, or bytes lost or damaged above TCP.',
    remedy: 'Look at the packet in the capture; the connection is not trustworthy any more.',
  },
  NXD_MQTT_PARTIAL_PACKET: {
    meaning: 'A packet from the broker has not arrived completely yet.',
    cause: 'It spans several TCP segments. The client keeps what it has and goes on with the next segment.',
    remedy: 'None; it is used inside the client.',
  },
  NXD_MQTT_CONNECTING: {
    meaning: 'A connection is being made.',
    cause:
      'connect was called again, or something was asked of the client, before the first connect with NX_NO_WAIT was over.',
    remedy: 'Wait for the connect callback.',
  },
  NXD_MQTT_INVALID_STATE: {
    meaning: 'The client is not in a state for this.',
    cause: 'connect on a client that was never created, or is being deleted.',
    remedy: 'Create the client first.',
  },
  NXD_MQTT_ERROR_CONNECT_RETURN_CODE: {
    meaning: 'The base number of CONNACK refusals: 0x10080 plus the return code of the broker.',
    cause: 'By itself it is never returned.',
    remedy: 'See 0x10081 to 0x10085.',
  },
  NXD_MQTT_ERROR_UNACCEPTABLE_PROTOCOL: {
    meaning: 'The broker refused the connection: it does not speak this protocol level (CONNACK 1).',
    cause: 'The broker wants another version than MQTT 3.1.1.',
    remedy: 'Allow MQTT 3.1.1 in the broker.',
  },
  NXD_MQTT_ERROR_IDENTIFYIER_REJECTED: {
    meaning: 'The broker refused the client id (CONNACK 2).',
    cause:
      'It is empty without a clean session, too long, has characters that the broker does not take, or is not on its list.',
    remedy: 'Use 1 to 23 letters and digits, which every broker must accept.',
  },
  NXD_MQTT_ERROR_SERVER_UNAVAILABLE: {
    meaning: 'The broker is there but does not serve now (CONNACK 3).',
    cause: 'It is starting, overloaded, or its database or authentication service is away.',
    remedy: 'Try again later, with a growing pause.',
  },
  NXD_MQTT_ERROR_BAD_USERNAME_PASSWORD: {
    meaning: 'The broker refused user name or password (CONNACK 4).',
    cause:
      'They are wrong, or they are missing: the NetX client forgets them at each disconnect, so they must be set again before each connect. A password without a user name is not sent.',
    remedy: 'Call nxd_mqtt_client_login_set before every connect.',
  },
  NXD_MQTT_ERROR_NOT_AUTHORIZED: {
    meaning: 'The broker knows the client and does not let it in (CONNACK 5).',
    cause:
      'Anonymous access is off, or the account may not connect with this client id or from this address. Mosquitto 2 answers so when no login was sent.',
    remedy: 'Give a login, or change the access rules of the broker.',
  },
  NX_WEBSOCKET_SUCCESS: { meaning: 'The WebSocket service did what was asked.', cause: 'Nothing went wrong.' },
  NX_WEBSOCKET_ERROR: {
    meaning: 'A WebSocket operation failed for a reason without a number of its own.',
    cause: 'A needed object could not be created, or the session is unusable.',
    remedy: 'Look at the HTTP upgrade in the capture.',
  },
  NX_WEBSOCKET_CONNECTING: {
    meaning: 'The WebSocket handshake is under way.',
    cause: 'A service was called before the server answered the upgrade request.',
    remedy: 'Wait for the connection callback.',
  },
  NX_WEBSOCKET_ALREADY_CONNECTED: {
    meaning: 'The WebSocket is already connected.',
    cause: 'connect was called twice.',
    remedy: 'Disconnect first.',
  },
  NX_WEBSOCKET_NOT_CONNECTED: {
    meaning: 'The WebSocket has no connection.',
    cause: 'send or receive before connect, or after the server closed.',
    remedy: 'Connect first.',
  },
  NX_WEBSOCKET_DATA_APPEND_FAILURE: {
    meaning: 'The upgrade request could not be put together.',
    cause: 'The packet pool is empty, or its packets are too small.',
    remedy: 'Enlarge the pool.',
  },
  NX_WEBSOCKET_INVALID_STATE: {
    meaning: 'The WebSocket is not in a state for this.',
    cause: 'It was not created, or the TCP or TLS connection below is not there.',
    remedy: 'Follow the order: create, connect the transport, connect the WebSocket.',
  },
  NX_WEBSOCKET_INVALID_PACKET: {
    meaning: 'The server sent something that is no valid WebSocket frame or upgrade answer.',
    cause: 'The server or a proxy does not speak WebSocket on this path, or the accept key is wrong.',
    remedy: 'Look at the answer in the capture; check host and path.',
  },
  NX_WEBSOCKET_INVALID_STATUS_CODE: {
    meaning: 'The server answered the upgrade with another HTTP status than 101.',
    cause: 'The path is wrong (404), a login is missing (401, 403), or a redirect was sent.',
    remedy: 'Check host and path of nxd_mqtt_client_websocket_set.',
  },
  NX_WEBSOCKET_DISCONNECTED: {
    meaning: 'The server closed the WebSocket.',
    cause: 'A close frame arrived.',
    remedy: 'Connect again when the connection is still wanted.',
  },
};
