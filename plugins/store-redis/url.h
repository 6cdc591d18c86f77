/* url: reads the address of a Redis server as users write it. */
#ifndef URL_H
#define URL_H

#include "net.h"

struct redis_url {
	struct net_address address;
	char user[128], password[512];     /* "" when there is none */
	unsigned database;
};

/* redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE], rediss:// for TLS, unix:///PATH[?db=DATABASE];
 * %XX in user, password and path. NULL, or what is wrong with it, as one clause. */
const char *redis_url_read(const char *text, struct redis_url *ret);
#endif
