import type { Explanations } from './explanation.ts';

/** NetX Secure X.509 certificates, and the cryptographic library below. */
export const X509_EXPLANATIONS: Explanations = {
  NX_SECURE_X509_SUCCESS: { meaning: 'The certificate service did what was asked.', cause: 'Nothing went wrong.' },
  NX_SECURE_X509_MULTIBYTE_TAG_UNSUPPORTED: {
    meaning: 'An ASN.1 tag of more than one byte was found; certificates have none.',
    cause: 'The bytes are no certificate, or are damaged.',
    remedy: 'Check that the data is one DER certificate from its first byte on.',
  },
  NX_SECURE_X509_ASN1_LENGTH_TOO_LONG: {
    meaning: 'An ASN.1 element claims to be longer than the data that holds it.',
    cause: 'The certificate, key or revocation list was cut short, or its length argument is too small.',
    remedy: 'Compare the length given with the size of the file.',
  },
  NX_SECURE_X509_FOUND_NON_ZERO_PADDING: {
    meaning: 'A bit string has padding bits where none may be.',
    cause: 'The key or signature is encoded unusually, or is damaged.',
    remedy: 'Write the certificate anew with a common tool.',
  },
  NX_SECURE_X509_MISSING_PUBLIC_KEY: {
    meaning: 'The certificate has no public key.',
    cause: 'The data ends early, or is something else than a certificate.',
    remedy: 'Look at it: openssl x509 -inform der -text.',
  },
  NX_SECURE_X509_INVALID_PUBLIC_KEY: {
    meaning: 'The public key of the certificate cannot be read.',
    cause: 'Its encoding is wrong, or its parameters are of an unknown kind, such as explicit curve parameters.',
    remedy: 'Use an RSA key or a named curve.',
  },
  NX_SECURE_X509_INVALID_CERTIFICATE_SEQUENCE: {
    meaning: 'The data does not begin as a certificate does.',
    cause: 'It is PEM text where DER is wanted, or a key or chain file was given.',
    remedy: 'Convert it: openssl x509 -outform der.',
  },
  NX_SECURE_X509_MISSING_SIGNATURE_ALGORITHM: {
    meaning: 'The certificate names no signature algorithm.',
    cause: 'The data is damaged or cut short.',
    remedy: 'Compare it with the original file.',
  },
  NX_SECURE_X509_INVALID_CERTIFICATE_DATA: {
    meaning: 'A field of the certificate is encoded wrongly.',
    cause: 'A faulty issuer, or damaged data.',
    remedy: 'Look at it: openssl x509 -inform der -text.',
  },
  NX_SECURE_X509_UNEXPECTED_ASN1_TAG: {
    meaning: 'An ASN.1 element is of another type than the place requires.',
    cause:
      'The data is something else than was said: a key instead of a certificate, or PKCS#8 where PKCS#1 is wanted.',
    remedy: 'Check the kind of file.',
  },
  NX_SECURE_PKCS1_INVALID_PRIVATE_KEY: {
    meaning: 'The RSA private key cannot be read.',
    cause: 'It is PEM or PKCS#8 where PKCS#1 DER is wanted, is encrypted, or is cut short.',
    remedy: 'Convert it: openssl rsa -outform der -traditional.',
  },
  NX_SECURE_X509_CHAIN_TOO_SHORT: {
    meaning: 'The chain ends before a trusted certificate is reached.',
    cause: 'The server does not send its intermediate certificate.',
    remedy: 'Configure the full chain in the server.',
  },
  NX_SECURE_X509_CHAIN_VERIFY_FAILURE: {
    meaning: 'The chain of certificates cannot be verified.',
    cause: 'An issuer is missing or is not trusted, or a signature in between is wrong.',
    remedy: 'Verify it with openssl verify against the trusted root of the device.',
  },
  NX_SECURE_X509_PKCS7_PARSING_FAILED: {
    meaning: 'PKCS#7 data cannot be read.',
    cause: 'It is damaged, or is another format.',
    remedy: 'Extract the certificates: openssl pkcs7 -print_certs.',
  },
  NX_SECURE_X509_CERTIFICATE_NOT_FOUND: {
    meaning: 'No certificate of that name is in the store.',
    cause: 'It was not added, or its distinguished name differs.',
    remedy: 'Compare subject and issuer names.',
  },
  NX_SECURE_X509_INVALID_VERSION: {
    meaning: 'The certificate has a version that does not exist.',
    cause: 'It is damaged, or has fields that its version does not allow.',
    remedy: 'Use X.509 version 3.',
  },
  NX_SECURE_X509_INVALID_TAG_CLASS: {
    meaning: 'An ASN.1 tag belongs to the wrong class.',
    cause: 'The extension is encoded wrongly, or the data is damaged.',
    remedy: 'Look at it: openssl asn1parse.',
  },
  NX_SECURE_X509_INVALID_EXTENSIONS: {
    meaning: 'The extensions of the certificate cannot be read.',
    cause: 'Their outer encoding is wrong.',
    remedy: 'Look at it: openssl x509 -inform der -text.',
  },
  NX_SECURE_X509_INVALID_EXTENSION_SEQUENCE: {
    meaning: 'An extension is not built as it should be.',
    cause: 'A faulty issuer, or damaged data.',
    remedy: 'Look at it: openssl asn1parse.',
  },
  NX_SECURE_X509_CERTIFICATE_EXPIRED: {
    meaning: 'The certificate is past its end.',
    cause: 'It was not renewed, or the clock of the device is ahead.',
    remedy: 'Renew it; check the time that the device gives to TLS.',
  },
  NX_SECURE_X509_CERTIFICATE_NOT_YET_VALID: {
    meaning: 'The certificate is not valid yet.',
    cause: 'The clock of the device is behind; after a reset it often begins at 1970.',
    remedy: 'Set the clock, by SNTP for example, before connecting.',
  },
  NX_SECURE_X509_CERTIFICATE_DNS_MISMATCH: {
    meaning: 'The name in the certificate is not the one that was asked for.',
    cause:
      'The server was addressed by another name or by its number, or sent its default certificate because no server name was given.',
    remedy: 'Address it by a name in its certificate and set that name in the TLS session.',
  },
  NX_SECURE_X509_INVALID_DATE_FORMAT: {
    meaning: 'A date in the certificate cannot be read.',
    cause: 'It is neither UTCTime nor GeneralizedTime as RFC 5280 has them.',
    remedy: 'Have it issued anew.',
  },
  NX_SECURE_X509_CRL_ISSUER_MISMATCH: {
    meaning: 'The revocation list comes from another issuer than the certificate.',
    cause: 'The wrong list was given.',
    remedy: "Get the list of the certificate's issuer.",
  },
  NX_SECURE_X509_CRL_SIGNATURE_CHECK_FAILED: {
    meaning: 'The signature of the revocation list is wrong.',
    cause: 'It was signed with an older key of the issuer, or was changed.',
    remedy: 'Get a new list.',
  },
  NX_SECURE_X509_CRL_CERTIFICATE_REVOKED: {
    meaning: 'The certificate is on the revocation list.',
    cause: 'Its issuer withdrew it.',
    remedy: 'Do not trust it; the other side needs a new one.',
  },
  NX_SECURE_X509_WRONG_SIGNATURE_METHOD: {
    meaning: 'The signature in the certificate was made with another method than it says.',
    cause: 'A damaged or forged certificate.',
    remedy: 'Compare it with the original file.',
  },
  NX_SECURE_X509_EXTENSION_NOT_FOUND: {
    meaning: 'The certificate has no such extension.',
    cause: 'Many certificates leave key usage or alternative names out.',
    remedy: 'Usually none; otherwise have it issued with the extension.',
  },
  NX_SECURE_X509_ALT_NAME_NOT_FOUND: {
    meaning: 'No alternative name of the certificate is the one looked for.',
    cause: 'The server is addressed by a name that its certificate does not list.',
    remedy: 'Address it by a listed name.',
  },
  NX_SECURE_X509_INVALID_PRIVATE_KEY_TYPE: {
    meaning: 'The kind given for the private key is unknown.',
    cause: 'The key type argument is none of the constants.',
    remedy: 'Use NX_SECURE_X509_KEY_TYPE_RSA_PKCS1_DER or the one for elliptic curves.',
  },
  NX_SECURE_X509_NAME_STRING_TOO_LONG: {
    meaning: 'A name is longer than the field for it.',
    cause: 'A DNS name exceeds NX_SECURE_X509_DNS_NAME_MAX.',
    remedy: 'Use a shorter name, or raise the compile option.',
  },
  NX_SECURE_X509_EXT_KEY_USAGE_NOT_FOUND: {
    meaning: 'The certificate may not be used for this purpose.',
    cause: 'Its extended key usage lacks server or client authentication.',
    remedy: 'Have it issued with the purpose it is used for.',
  },
  NX_SECURE_X509_KEY_USAGE_ERROR: {
    meaning: 'The key usage of the certificate does not allow this.',
    cause:
      'A CA certificate lacks the right to sign certificates, or an end certificate the right to sign or encipher.',
    remedy: 'Have it issued with the right key usage.',
  },
  NX_SECURE_X509_UNSUPPORTED_PUBLIC_CIPHER: {
    meaning: 'The public key is of a kind that is not supported.',
    cause: 'It is neither RSA nor a key of an enabled curve.',
    remedy: 'Use RSA or P-256.',
  },
  NX_SECURE_X509_INVALID_CERTIFICATE: {
    meaning: 'The certificate cannot be used.',
    cause: 'It could not be read, or its parts contradict each other.',
    remedy: 'Look at it: openssl x509 -inform der -text.',
  },
  NX_SECURE_X509_UNKNOWN_CERT_SIG_ALGORITHM: {
    meaning: 'The certificate is signed with an algorithm that is not known.',
    cause: 'Typical: RSA-PSS or Ed25519.',
    remedy: 'Have it signed with SHA-256 and RSA or ECDSA.',
  },
  NX_SECURE_X509_CERTIFICATE_SIG_CHECK_FAILED: {
    meaning: 'The signature of the certificate is wrong.',
    cause: 'The issuer found by name is not the one that signed, or the certificate was changed.',
    remedy: 'Verify it with openssl verify.',
  },
  NX_SECURE_X509_INVALID_SELF_SIGNED_CERT: {
    meaning: 'The certificate is self-signed, and those are not accepted.',
    cause: 'A test server without a CA.',
    remedy: 'Use a certificate of a CA that is trusted.',
  },
  NX_SECURE_X509_ISSUER_CERTIFICATE_NOT_FOUND: {
    meaning: 'The issuer of the certificate is unknown.',
    cause: 'The CA is not in the trusted store, or an intermediate certificate is missing.',
    remedy: 'Add the CA, or let the server send the whole chain.',
  },
  NX_SECURE_X509_NO_CERT_SPACE_ALLOCATED: {
    meaning: 'There is no room for a received certificate.',
    cause: 'Fewer certificate slots were allocated than the chain has members.',
    remedy: 'Allocate one for each member of the chain.',
  },
  NX_SECURE_X509_INSUFFICIENT_CERT_SPACE: {
    meaning: 'The buffer for a received certificate is too small.',
    cause: 'The certificate is longer than the buffer allocated for it.',
    remedy: 'Give larger buffers; 2 kB are common.',
  },
  NX_SECURE_X509_CERT_ID_DUPLICATE: {
    meaning: 'A certificate with this number is already in the store.',
    cause: 'Two were added with one number.',
    remedy: 'Give each its own.',
  },
  NX_SECURE_X509_MISSING_CRYPTO_ROUTINE: {
    meaning: 'A routine needed to verify the certificate is not there.',
    cause: 'The X.509 cipher table lacks the method of its signature.',
    remedy: 'Use a complete table.',
  },
  NX_CRYPTO_INVALID_LIBRARY: {
    meaning: 'The cryptographic library is not initialized or failed its self-test.',
    cause: 'nx_crypto_initialize was not called.',
    remedy: 'Call it once before anything else of TLS.',
  },
  NX_CRYPTO_UNSUPPORTED_KEY_SIZE: {
    meaning: 'The algorithm has no keys of this size.',
    cause:
      'The key length is given in bytes where bits are wanted, or is none of those allowed (AES: 128, 192, 256 bits).',
    remedy: 'Check the unit and the size.',
  },
  NX_CRYPTO_AUTHENTICATION_FAILED: {
    meaning: 'An authentication tag or code does not match the data.',
    cause: 'The data was changed, or the key, nonce or additional data differ.',
    remedy: 'Compare key, nonce and additional data of the two sides.',
  },
  NX_CRYPTO_INVALID_ALGORITHM: {
    meaning: 'The algorithm or operation asked for is not one of this method.',
    cause: 'An encryption was asked of a hash, or the identifiers do not match.',
    remedy: 'Check the method of the table entry.',
  },
  NX_CRYPTO_INVALID_KEY: {
    meaning: 'The key cannot be used.',
    cause: 'It is outside the range of the algorithm, or a point is not on its curve.',
    remedy: 'Check where the key comes from.',
  },
  NX_CRYPTO_INVALID_BUFFER_SIZE: {
    meaning: 'A buffer is too small or not a whole number of blocks.',
    cause: 'The output does not fit, or data for a block cipher was not padded.',
    remedy: 'Give a larger buffer, or pad the data.',
  },
  NX_CRYPTO_PTR_ERROR: {
    meaning: 'A pointer given to a cryptographic routine is null or misaligned.',
    cause: 'Key, data or metadata is missing; some routines want 4-byte alignment.',
    remedy: 'Check the arguments in turn.',
  },
  NX_CRYPTO_SIZE_ERROR: {
    meaning: 'A size given to a cryptographic routine is wrong.',
    cause: 'A nonce, tag or key has a length that the algorithm does not take.',
    remedy: 'Compare the lengths with the algorithm.',
  },
  NX_CRYPTO_NOT_SUCCESSFUL: {
    meaning: 'A cryptographic operation failed without a more precise reason.',
    cause: 'A hardware engine refused, or a calculation had no result.',
    remedy: 'Look at the engine, or try the software method.',
  },
  NX_CRYPTO_INVALID_PARAMETER: {
    meaning: 'An argument of a cryptographic routine makes no sense.',
    cause: 'A count of 0, an unknown option or an impossible combination.',
    remedy: 'Check the arguments in turn.',
  },
  NX_CRYPTO_NO_INSTANCE: {
    meaning: 'No instance of the hardware engine is free.',
    cause: 'All its contexts are in use.',
    remedy: 'Try again, or use fewer sessions at once.',
  },
  NX_CRYPTO_METHOD_INITIALIZATION_FAILURE: {
    meaning: 'A cryptographic method could not be prepared.',
    cause: 'Its working memory is missing or too small, or the key was refused.',
    remedy: 'Give metadata of the size that the method names.',
  },
  NX_CRYPTO_METADATA_UNALIGNED: {
    meaning: 'The working memory of a method is not aligned.',
    cause: 'Its address is not a multiple of 4.',
    remedy: 'Declare it as an array of ULONG.',
  },
  NX_CRYPTO_POINTER_ERROR: {
    meaning: 'A pointer given to a cryptographic routine is null.',
    cause: 'An argument is missing.',
    remedy: 'Check the arguments in turn.',
  },
  NX_CRYTPO_MISSING_ECC_CURVE: {
    meaning: 'No elliptic curve was set before an operation on one. (The name has this spelling in NetX.)',
    cause: 'The curve method is not in the table, or was not set for the key exchange.',
    remedy: 'Add the curve to the table.',
  },
  NX_CRYPTO_FORMAT_NOT_SUPPORTED: {
    meaning: 'The data is in a format that the routine does not read.',
    cause: 'Typical: a compressed point of an elliptic curve.',
    remedy: 'Use the uncompressed form.',
  },
};
