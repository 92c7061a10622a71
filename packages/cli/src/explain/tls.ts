import type { Explanations } from './explanation.ts';

/** NetX Secure TLS and DTLS: handshake, records, certificates as TLS sees them. */
export const TLS_EXPLANATIONS: Explanations = {
  NX_SECURE_TLS_SUCCESS: { meaning: 'The TLS service did what was asked.', cause: 'Nothing went wrong.' },
  NX_SECURE_TLS_SESSION_UNINITIALIZED: {
    meaning: 'The TLS session was not created, or was reset.',
    cause: 'A session is reset after each fatal alert, failed send and session end; using it afterwards gives this.',
    remedy: 'Create the session again before the next connection.',
  },
  NX_SECURE_TLS_UNRECOGNIZED_MESSAGE_TYPE: {
    meaning: 'A record or handshake message has a type that TLS does not define.',
    cause: 'The other side does not speak TLS on this port: a plain HTTP or MQTT answer looks like this.',
    remedy: 'Check the port; look at the first bytes received in the capture.',
  },
  NX_SECURE_TLS_INVALID_STATE: {
    meaning: 'The session is not in a state for this.',
    cause: 'A service was called before the handshake or after the end of the session.',
    remedy: 'Follow the order: create, start, send and receive, end, delete.',
  },
  NX_SECURE_TLS_INVALID_PACKET: {
    meaning: 'A received packet is no valid TLS or DTLS record.',
    cause: 'Its header is impossible, or it was cut short. With DTLS, a stray datagram does this.',
    remedy: 'Look at the record in the capture.',
  },
  NX_SECURE_TLS_UNKNOWN_CIPHERSUITE: {
    meaning: 'The server chose a cipher suite that this side does not know.',
    cause: 'The suite is not in the table given to session create, or the answer is malformed.',
    remedy: 'Add the suite to the cipher table, or choose others in the server.',
  },
  NX_SECURE_TLS_UNSUPPORTED_CIPHER: {
    meaning: 'The cipher suite is known, but one of its algorithms is missing from the tables.',
    cause:
      'The cipher table lacks the method of the key exchange, cipher or hash, or session create was given too little metadata space for it.',
    remedy: 'Use a complete table such as nx_crypto_tls_ciphers.',
  },
  NX_SECURE_TLS_HANDSHAKE_FAILURE: {
    meaning: 'The handshake failed without a more precise reason.',
    cause: 'The messages of the two sides do not lead to an agreement; often no common version, cipher suite or curve.',
    remedy: 'Compare ClientHello and ServerHello in the capture.',
  },
  NX_SECURE_TLS_HASH_MAC_VERIFY_FAILURE: {
    meaning: 'The authentication code of a record is wrong.',
    cause:
      'The data was changed on its way, the keys of the two sides differ, or a record was lost or repeated below TLS.',
    remedy: 'A pre-shared key or a faulty crypto driver is the usual suspect when it happens at the first record.',
  },
  NX_SECURE_TLS_TCP_SEND_FAILED: {
    meaning: 'TCP did not take a record.',
    cause: 'The wait option ran out with the window closed, or the connection is gone. The TLS session is reset by it.',
    remedy: 'Send with NX_WAIT_FOREVER: after a failed send the session cannot be continued.',
  },
  NX_SECURE_TLS_INCORRECT_MESSAGE_LENGTH: {
    meaning: 'A handshake message has a length that does not fit its contents.',
    cause: 'A faulty or hostile peer, or bytes lost below TLS.',
    remedy: 'Look at the message in the capture.',
  },
  NX_SECURE_TLS_BAD_CIPHERSPEC: {
    meaning: 'A ChangeCipherSpec message is wrong or came at the wrong time.',
    cause: 'A peer that does not follow the handshake order.',
    remedy: 'Look at the handshake order in the capture.',
  },
  NX_SECURE_TLS_INVALID_SERVER_CERT: {
    meaning: "The server's certificate cannot be used.",
    cause: 'It cannot be read, or is not one for servers.',
    remedy: 'Inspect it with openssl s_client -showcerts.',
  },
  NX_SECURE_TLS_UNSUPPORTED_PUBLIC_CIPHER: {
    meaning: 'The public key in a certificate is of a kind that is not supported.',
    cause: 'It is neither RSA nor an elliptic-curve key of an enabled curve, or elliptic curves are not built in.',
    remedy: 'Use a certificate with an RSA or P-256 key.',
  },
  NX_SECURE_TLS_NO_SUPPORTED_CIPHERS: {
    meaning: 'The two sides have no cipher suite in common.',
    cause:
      'The table of this side and the list of the other do not overlap: a server that allows only ECDHE suites meets a client that has none, or the other way round.',
    remedy: 'Compare the list in the ClientHello with what the server allows.',
  },
  NX_SECURE_TLS_UNKNOWN_TLS_VERSION: {
    meaning: 'A record names a TLS version that does not exist.',
    cause: 'The peer does not speak TLS, or the record was damaged.',
    remedy: 'Check the port.',
  },
  NX_SECURE_TLS_UNSUPPORTED_TLS_VERSION: {
    meaning: 'The other side wants a TLS version that is not enabled here.',
    cause: 'TLS 1.2 alone is on by default; 1.0, 1.1 and 1.3 are compile options.',
    remedy: 'Enable the version, or allow TLS 1.2 on the other side.',
  },
  NX_SECURE_TLS_ALLOCATE_PACKET_FAILED: {
    meaning: 'No packet could be had for a TLS record.',
    cause: 'The packet pool is empty: a handshake takes several packets at once, and a certificate chain more.',
    remedy: 'Enlarge the pool; the low-water mark shows how much a handshake takes.',
  },
  NX_SECURE_TLS_INVALID_CERTIFICATE: {
    meaning: 'A certificate is not one.',
    cause: 'The bytes are PEM where DER is wanted, are cut short, or the key does not belong to the certificate.',
    remedy: 'Convert it: openssl x509 -outform der.',
  },
  NX_SECURE_TLS_NO_CLOSE_RESPONSE: {
    meaning: 'The other side did not answer close_notify.',
    cause: 'It closed TCP at once, or the wait option was short. No data is lost by it.',
    remedy: 'Usually none.',
  },
  NX_SECURE_TLS_ALERT_RECEIVED: {
    meaning: 'The other side sent an alert.',
    cause:
      'Level and number are kept in the session. 0 is close_notify, an orderly end; 40 no agreement, 42 to 46 the certificate, 48 unknown CA, 70 version, 80 an internal error, 112 unknown name, 116 certificate required.',
    remedy: 'Get the number with nx_secure_tls_session_alert_value_get, and look at the log of the other side.',
  },
  NX_SECURE_TLS_FINISHED_HASH_FAILURE: {
    meaning: 'The Finished message does not match the handshake.',
    cause: 'The two sides saw different handshakes: messages were changed on the way, or the keys differ.',
    remedy: 'With pre-shared keys, compare the keys.',
  },
  NX_SECURE_TLS_UNKNOWN_CERT_SIG_ALGORITHM: {
    meaning: 'A certificate is signed with an algorithm that is not known.',
    cause: 'Typical: RSA-PSS or Ed25519 signatures, or a hash that is not in the table.',
    remedy: 'Have it signed with SHA-256 and RSA or ECDSA, or add the algorithm to the X.509 table.',
  },
  NX_SECURE_TLS_CERTIFICATE_SIG_CHECK_FAILED: {
    meaning: 'The signature of a certificate is wrong.',
    cause:
      'The issuer that was found by name is not the one that signed: an old root with the same name, or a changed certificate.',
    remedy: 'Verify the chain with openssl verify against the CA that the device has.',
  },
  NX_SECURE_TLS_BAD_COMPRESSION_METHOD: {
    meaning: 'A compression method other than "none" was offered or chosen.',
    cause: 'A faulty or very old peer.',
    remedy: 'Turn compression off on the other side.',
  },
  NX_SECURE_TLS_CERTIFICATE_NOT_FOUND: {
    meaning: 'The certificate looked for is not in the list.',
    cause: 'A find or remove with a name or number that was not added.',
    remedy: 'Compare with the name given when it was added.',
  },
  NX_SECURE_TLS_INVALID_SELF_SIGNED_CERT: {
    meaning: 'The other side sent a self-signed certificate, and those are not accepted.',
    cause: 'A test server without a CA.',
    remedy:
      'Give the server a certificate of a CA that the client trusts, or build with self-signed certificates allowed.',
  },
  NX_SECURE_TLS_ISSUER_CERTIFICATE_NOT_FOUND: {
    meaning: 'The issuer of a certificate is neither in the chain nor among the trusted ones.',
    cause:
      'The CA is not added as trusted, the server does not send its intermediate certificate, or its root changed. The other side sees alert 48, unknown_ca.',
    remedy: 'Add the root that the chain leads to; let the server send the intermediates.',
  },
  NX_SECURE_TLS_OUT_OF_ORDER_MESSAGE: {
    meaning: 'A DTLS handshake message came before the one it follows.',
    cause: 'Datagrams overtook each other. It is handled by waiting for the missing one.',
    remedy: 'None, unless it never ends: then datagrams are lost.',
  },
  NX_SECURE_TLS_INVALID_REMOTE_HOST: {
    meaning: 'A datagram came from another host than the one of the session.',
    cause: 'Stray or forged traffic to the port, or the peer changed its address.',
    remedy: 'Start a new session after an address change.',
  },
  NX_SECURE_TLS_INVALID_EPOCH: {
    meaning: 'A DTLS record belongs to another epoch than the present one.',
    cause: 'A late record from before or after a key change.',
    remedy: 'Usually none: it is dropped.',
  },
  NX_SECURE_TLS_REPEAT_MESSAGE_RECEIVED: {
    meaning: 'A DTLS record or message was received a second time.',
    cause: 'A retransmission that was not needed, or a replay.',
    remedy: 'Usually none: it is dropped.',
  },
  NX_SECURE_TLS_NEED_DTLS_SESSION: {
    meaning: 'The service needs a DTLS session, and a TLS session was given.',
    cause: 'A DTLS service was called with the session of TCP.',
    remedy: 'Use the TLS service of the same name.',
  },
  NX_SECURE_TLS_NEED_TLS_SESSION: {
    meaning: 'The service needs a TLS session, and a DTLS session was given.',
    cause: 'A TLS service was called with the session of UDP.',
    remedy: 'Use the DTLS service of the same name.',
  },
  NX_SECURE_TLS_SEND_ADDRESS_MISMATCH: {
    meaning: 'A DTLS send goes to another address than the one of the session.',
    cause: 'The session was started with another peer.',
    remedy: 'Send to the address that the session was started with.',
  },
  NX_SECURE_TLS_NO_FREE_DTLS_SESSIONS: {
    meaning: 'The DTLS server has no session free for another client.',
    cause: 'The session memory given to the server is used up.',
    remedy: 'End idle sessions, or give more session memory.',
  },
  NX_SECURE_DTLS_SESSION_NOT_FOUND: {
    meaning: 'No DTLS session belongs to this address and port.',
    cause: 'The datagram came from a client without a handshake, or after the end of its session.',
    remedy: 'Usually none: the client starts again.',
  },
  NX_SECURE_TLS_NO_MORE_PSK_SPACE: {
    meaning: 'No more pre-shared keys can be stored.',
    cause: 'The session has its maximum (NX_SECURE_TLS_MAX_PSK_KEYS), or a key or identity is too long.',
    remedy: 'Raise the compile option, or shorten the key.',
  },
  NX_SECURE_TLS_NO_MATCHING_PSK: {
    meaning: 'No pre-shared key fits the identity or hint of the other side.',
    cause: 'The identities of the two sides differ.',
    remedy: 'Compare identity and hint byte by byte.',
  },
  NX_SECURE_TLS_CLOSE_NOTIFY_RECEIVED: {
    meaning: 'The other side ended the TLS session in order.',
    cause: 'It has sent everything that it had to send.',
    remedy: 'End the session and close TCP.',
  },
  NX_SECURE_TLS_NO_AVAILABLE_SESSIONS: {
    meaning: 'No TLS session is free.',
    cause: 'A server has as many clients as it has sessions.',
    remedy: 'Give it more sessions, or end idle ones.',
  },
  NX_SECURE_TLS_NO_CERT_SPACE_ALLOCATED: {
    meaning: 'There is no room for the certificates of the other side.',
    cause: 'nx_secure_tls_remote_certificate_allocate was not called often enough: one per certificate in the chain.',
    remedy: 'Allocate one for each certificate that the server sends, three as a rule.',
  },
  NX_SECURE_TLS_PADDING_CHECK_FAILED: {
    meaning: 'The padding of a decrypted record is wrong.',
    cause: 'The record was changed on its way, or the keys differ.',
    remedy: 'See NX_SECURE_TLS_HASH_MAC_VERIFY_FAILURE.',
  },
  NX_SECURE_TLS_UNSUPPORTED_CERT_SIGN_TYPE: {
    meaning: 'The server asks for a kind of client certificate that is not supported.',
    cause: 'Its CertificateRequest names neither RSA nor ECDSA signing.',
    remedy: 'Allow RSA or ECDSA client certificates in the server.',
  },
  NX_SECURE_TLS_UNSUPPORTED_CERT_SIGN_ALG: {
    meaning: 'The server accepts no signature algorithm that this client has for its certificate.',
    cause: 'The list in its CertificateRequest and the X.509 table do not overlap.',
    remedy: 'Allow SHA-256 signatures in the server.',
  },
  NX_SECURE_TLS_INSUFFICIENT_CERT_SPACE: {
    meaning: 'The buffer for a certificate of the other side is too small.',
    cause: 'A certificate of the chain is longer than the buffer allocated for it; 2 kB are common.',
    remedy: 'Give larger buffers to nx_secure_tls_remote_certificate_allocate.',
  },
  NX_SECURE_TLS_PROTOCOL_VERSION_CHANGED: {
    meaning: 'The version in a record is another than the one agreed on.',
    cause: 'A faulty peer, or an attempt to change the version during a session.',
    remedy: 'Look at the records in the capture.',
  },
  NX_SECURE_TLS_NO_RENEGOTIATION_ERROR: {
    meaning: 'The other side asked for a renegotiation, and that is not allowed.',
    cause: 'The application or the build turned renegotiation off.',
    remedy: 'Turn it off on the other side too.',
  },
  NX_SECURE_TLS_UNSUPPORTED_FEATURE: {
    meaning: 'The other side uses a feature of TLS that is not built in.',
    cause: 'Typical: fragmented DTLS handshake messages or an unknown extension that cannot be ignored.',
    remedy: 'Turn the feature off on the other side.',
  },
  NX_SECURE_TLS_CERTIFICATE_VERIFY_FAILURE: {
    meaning: 'The proof that the other side owns the key of its certificate is wrong.',
    cause: 'Its private key does not belong to the certificate, or the handshake was changed on the way.',
    remedy: 'Check that key and certificate of the other side belong together.',
  },
  NX_SECURE_TLS_EMPTY_REMOTE_CERTIFICATE_RECEIVED: {
    meaning: 'The client sent no certificate although one is required.',
    cause: 'It has none, or none that the server accepts.',
    remedy: 'Give the client a certificate of a CA that the server names.',
  },
  NX_SECURE_TLS_RENEGOTIATION_EXTENSION_ERROR: {
    meaning: 'The renegotiation extension is wrong.',
    cause: 'Its verify data does not match the first handshake (RFC 5746): a faulty peer or an attack.',
    remedy: 'Do not continue the session.',
  },
  NX_SECURE_TLS_RENEGOTIATION_SESSION_INACTIVE: {
    meaning: 'A renegotiation was asked for without an active session.',
    cause: 'The handshake has not finished, or the session has ended.',
    remedy: 'Renegotiate only between start and end of a session.',
  },
  NX_SECURE_TLS_PACKET_BUFFER_TOO_SMALL: {
    meaning: 'A handshake message does not fit into the buffer of the session.',
    cause:
      'The certificate chain of the server is longer than the buffer given with nx_secure_tls_session_packet_buffer_set.',
    remedy: 'Give at least 4000 bytes, and more for long chains.',
  },
  NX_SECURE_TLS_EXTENSION_NOT_FOUND: {
    meaning: 'The message has no such extension.',
    cause: 'The client sent no server name, for example.',
    remedy: 'Usually none.',
  },
  NX_SECURE_TLS_SNI_EXTENSION_INVALID: {
    meaning: 'The server name extension is malformed.',
    cause: 'A faulty client.',
    remedy: 'Look at the ClientHello in the capture.',
  },
  NX_SECURE_TLS_CERT_ID_INVALID: {
    meaning: 'The number given for a server certificate is not allowed.',
    cause: '0 was given, which stands for "none".',
    remedy: 'Number certificates from 1.',
  },
  NX_SECURE_TLS_CERT_ID_DUPLICATE: {
    meaning: 'A certificate with this number is already there.',
    cause: 'Two were added with one number.',
    remedy: 'Give each its own.',
  },
  NX_SECURE_TLS_RENEGOTIATION_FAILURE: {
    meaning: 'A renegotiation did not succeed.',
    cause: 'The other side refused it or did not answer in time.',
    remedy: 'Make a new connection instead.',
  },
  NX_SECURE_TLS_MISSING_CRYPTO_ROUTINE: {
    meaning: 'A cryptographic routine that the chosen suite needs is not there.',
    cause: 'An entry of the cipher table has an empty method.',
    remedy: 'Fill the table, or use a ready-made one.',
  },
  NX_SECURE_TLS_EMPTY_EC_GROUP: {
    meaning: 'The other side offers no elliptic curve.',
    cause: 'Its list of groups is empty.',
    remedy: 'Enable P-256 on the other side.',
  },
  NX_SECURE_TLS_EMPTY_EC_POINT_FORMAT: {
    meaning: 'The other side offers no point format for elliptic curves.',
    cause: 'Its list is empty; "uncompressed" must be in it.',
    remedy: 'A faulty peer: use suites without elliptic curves, or correct it.',
  },
  NX_SECURE_TLS_BAD_SERVERHELLO_KEYSHARE: {
    meaning: 'The key share of the server cannot be used (TLS 1.3).',
    cause: 'It is missing, malformed, or of a group that was not offered.',
    remedy: 'Look at the ServerHello in the capture.',
  },
  NX_SECURE_TLS_INSUFFICIENT_METADATA_SPACE: {
    meaning: 'The working memory given for cryptography is too small.',
    cause: 'The metadata buffer of session create is smaller than the cipher table needs.',
    remedy: 'Ask nx_secure_tls_metadata_size_calculate for the size.',
  },
  NX_SECURE_TLS_POST_HANDSHAKE_RECEIVED: {
    meaning: 'A handshake message came after the handshake (TLS 1.3).',
    cause: 'The server sent a session ticket or a key update. It is handled inside.',
    remedy: 'None: receive again.',
  },
  NX_SECURE_TLS_BAD_CLIENTHELLO_KEYSHARE: {
    meaning: 'The key share of the client cannot be used (TLS 1.3).',
    cause: 'It is missing, malformed, or of a group that is not enabled here.',
    remedy: 'Enable P-256 on both sides.',
  },
  NX_SECURE_TLS_1_3_UNKNOWN_CIPHERSUITE: {
    meaning: 'A cipher suite of TLS 1.3 is not known here.',
    cause: 'The other side chose a suite that is not in the table.',
    remedy: 'Enable TLS_AES_128_GCM_SHA256, which every implementation has.',
  },
  NX_SECURE_TLS_INVALID_SESSION_TICKET: {
    meaning: 'A session ticket is malformed.',
    cause: 'A faulty server. NetX does not resume sessions, so nothing is lost.',
    remedy: 'Turn tickets off on the server.',
  },
  NX_SECURE_TLS_MISSING_EXTENSION: {
    meaning: 'A message lacks an extension that TLS 1.3 requires.',
    cause: 'A faulty peer.',
    remedy: 'Look at the message in the capture.',
  },
  NX_SECURE_TLS_CERTIFICATE_REQUIRED: {
    meaning: 'The server requires a client certificate, and none was sent.',
    cause: 'The client has no local certificate, or none that fits the request.',
    remedy: 'Add one with nx_secure_tls_local_certificate_add.',
  },
  NX_SECURE_TLS_UNEXPECTED_CLIENTHELLO: {
    meaning: 'A ClientHello came when none was expected.',
    cause: 'Two clients talk to each other, or a renegotiation was begun under TLS 1.3.',
    remedy: 'Check which side is the server.',
  },
  NX_SECURE_TLS_INAPPROPRIATE_FALLBACK: {
    meaning: 'The client says that it fell back to an older version although the server has a newer one (RFC 7507).',
    cause: 'Earlier attempts failed for another reason, or somebody interferes with the connection.',
    remedy: 'Find out why the first attempt failed.',
  },
  NX_SECURE_TLS_BAD_CLIENTHELLO_PSK_EXTENSION: {
    meaning: 'The pre-shared key extension of the ClientHello is malformed (TLS 1.3).',
    cause: 'It is not the last extension, or its lists differ in length.',
    remedy: 'A faulty client.',
  },
  NX_SECURE_TLS_PSK_BINDER_MISMATCH: {
    meaning: 'The proof that the client has the pre-shared key is wrong (TLS 1.3).',
    cause: 'The keys of the two sides differ.',
    remedy: 'Compare the keys byte by byte.',
  },
  NX_SECURE_TLS_CRYPTO_KEYS_TOO_LARGE: {
    meaning: 'The keys of the suite do not fit into the key memory of the session.',
    cause: 'The key block is longer than NX_SECURE_TLS_KEY_MATERIAL_SIZE.',
    remedy: 'Raise that compile option.',
  },
  NX_SECURE_TLS_UNSUPPORTED_ECC_CURVE: {
    meaning: 'An elliptic curve is not supported.',
    cause: 'The other side chose a curve that is not in the table, often P-521 or X25519.',
    remedy: 'Allow P-256 or P-384 on the other side.',
  },
  NX_SECURE_TLS_UNSUPPORTED_ECC_FORMAT: {
    meaning: 'A point of an elliptic curve is in a format that is not supported.',
    cause: 'It is compressed; only uncompressed points are read.',
    remedy: 'Send uncompressed points.',
  },
  NX_SECURE_TLS_UNSUPPORTED_SIGNATURE_ALGORITHM: {
    meaning: 'A signature algorithm of the handshake is not supported.',
    cause: 'The two lists of algorithms do not overlap, or the key kind of the certificate is not enabled.',
    remedy: 'Allow RSA or ECDSA with SHA-256 on both sides.',
  },
  NX_SECURE_TLS_SIGNATURE_VERIFICATION_ERROR: {
    meaning: 'The signature over the key exchange is wrong.',
    cause:
      'The private key of the other side does not belong to its certificate, or the message was changed on the way.',
    remedy: 'Check that key and certificate of the other side belong together.',
  },
  NX_SECURE_TLS_UNEXPECTED_MESSAGE: {
    meaning: 'A handshake message came that does not belong here.',
    cause: 'A peer that does not follow the handshake order.',
    remedy: 'Look at the handshake order in the capture.',
  },
  NX_SECURE_TLS_AEAD_DECRYPT_FAIL: {
    meaning: 'An AEAD record could not be decrypted and verified.',
    cause: 'The record was changed on its way, or the keys or sequence numbers of the two sides differ.',
    remedy: 'See NX_SECURE_TLS_HASH_MAC_VERIFY_FAILURE.',
  },
  NX_SECURE_TLS_RECORD_OVERFLOW: {
    meaning: 'A record is larger than TLS allows.',
    cause:
      'More than 16384 bytes were given to one send, which NetX does not split, or the other side sent a record that large.',
    remedy: 'Send in pieces of at most 16384 bytes.',
  },
  NX_SECURE_TLS_HANDSHAKE_FRAGMENT_RECEIVED: {
    meaning: 'Only part of a handshake message has arrived.',
    cause: 'It spans several records. It is handled inside by waiting for the rest.',
    remedy: 'None.',
  },
  NX_SECURE_TLS_TRANSMIT_LOCKED: {
    meaning: 'Another thread is sending over this session.',
    cause: 'Two threads send at once; records must leave in order.',
    remedy: 'Send from one thread, or wait longer.',
  },
  NX_SECURE_TLS_DOWNGRADE_DETECTED: {
    meaning: 'The random value of the server says that somebody forced an older version (RFC 8446 4.1.3).',
    cause: 'Both sides can do better than what was agreed on: interference on the way.',
    remedy: 'Do not trust the connection.',
  },
};
