/* SPDX-License-Identifier: ISC */
/* sha2.h: what cache.c takes of it; no driver calls any of it. */
#define SHA256_DIGEST_LENGTH	32
typedef struct { int state; } SHA2_CTX;
void SHA256Init(SHA2_CTX *);
void SHA256Update(SHA2_CTX *, const void *, size_t);
void SHA256Final(unsigned char *, SHA2_CTX *);
