#include <stdio.h>
#include "tokens.h"

int main(void)
{
	puts("<h1 style=\"color: " TOKEN_ACCENT "\">Hello from the cache</h1>");
	return 0;
}
