#include "config.h"

#include "base/checksum.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

uint64_t checksum(const void *data, size_t size, uint64_t seed)
{
	return XXH3_64bits_withSeed(data, size, seed);
}

int checksum_content(int fd, unsigned char ret[16])
{
	XXH3_state_t *state = XXH3_createState();
	XXH128_canonical_t bytes;
	char buffer[16 << 10];
	ssize_t n;

	if (!state || XXH3_128bits_reset(state) == XXH_ERROR)
		abort();
	while ((n = read(fd, buffer, sizeof buffer)) > 0)
		XXH3_128bits_update(state, buffer, (size_t)n);
	XXH128_canonicalFromHash(&bytes, XXH3_128bits_digest(state));
	memcpy(ret, bytes.digest, sizeof bytes.digest);
	XXH3_freeState(state);
	return n < 0 ? -1 : 0;
}
