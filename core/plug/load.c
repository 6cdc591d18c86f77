#include "config.h"

#include "plug/load.h"

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "choose/find.h"
#include "choose/value.h"

#define FILE_SIZE_MAX ((off_t)512 << 20)
enum { STRUCT_SIZE_MAX = 1 << 16 };

#if UINTPTR_MAX > 0xffffffffu
#define OUR_CLASS ELFCLASS64
#else
#define OUR_CLASS ELFCLASS32
#endif

/* The ELF header of this program in memory; the linker defines the symbol. */
extern const Elf64_Ehdr __ehdr_start __attribute__((visibility("hidden")));

static int refuse(struct refusal *why, enum load_state state, const char *code, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

static int refuse(struct refusal *why, enum load_state state, const char *code, const char *fmt, ...)
{
	va_list ap;

	why->state = state;
	snprintf(why->code, sizeof why->code, "%s", code);
	va_start(ap, fmt);
	vsnprintf(why->text, sizeof why->text, fmt, ap);
	va_end(ap);
	return -1;
}

const char *kind_word(uint32_t kind)
{
	static const char *const words[] = { "?", "tracer", "part", "fingerprint", "store" };

	return kind < sizeof words / sizeof *words ? words[kind] : "?";
}

/* ---- before anything of it runs -------------------------------------------- */

/* The machine word of an ELF file must be this program's own. */
static int elf_check(const unsigned char *head, size_t n, struct refusal *why)
{
	Elf64_Ehdr its;

	if (n < EI_NIDENT || memcmp(head, ELFMAG, SELFMAG))
		return refuse(why, LOAD_REFUSED, "not-elf", "not a shared object");
	if (n < sizeof its)
		return refuse(why, LOAD_REFUSED, "not-elf", "cut off");
	memcpy(&its, head, sizeof its);
	if (head[EI_CLASS] != OUR_CLASS)
		return refuse(why, LOAD_REFUSED, "machine", "built for another kind of machine");
	if (its.e_type != ET_DYN)
		return refuse(why, LOAD_REFUSED, "not-elf", "not a shared object");
	if (__ehdr_start.e_machine != its.e_machine)
		return refuse(why, LOAD_REFUSED, "machine", "built for another kind of machine");
	return 0;
}

static int file_check(const char *path, struct refusal *why)
{
	unsigned char head[sizeof(Elf64_Ehdr)];
	struct stat st;
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return refuse(why, LOAD_REFUSED, "unreadable", "%s", strerror(errno));
	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		close(fd);
		return refuse(why, LOAD_REFUSED, "not-file", "not a regular file");
	}
	if (st.st_size > FILE_SIZE_MAX) {
		close(fd);
		return refuse(why, LOAD_REFUSED, "too-large", "larger than 512 MiB");
	}
	n = read(fd, head, sizeof head);
	close(fd);
	return elf_check(head, n < 0 ? 0 : (size_t)n, why);
}

/* ---- what it says ---------------------------------------------------------- */

/* Copies a [grows] struct: its first bytes, as many as both sides know. */
static int clamp(void *ret, size_t ours, const void *its, const char *what, struct refusal *why)
{
	uint32_t size;

	memcpy(&size, its, sizeof size);
	if (size < 8 || size > STRUCT_SIZE_MAX || size % 4)
		return refuse(why, LOAD_REFUSED, "struct-size", "%s has an impossible size, %u bytes", what, size);
	memset(ret, 0, ours);
	memcpy(ret, its, size < ours ? size : ours);
	return 0;
}

/* The name, safe for printing. */
static const char *shown(const char *s, char *room, size_t size)
{
	size_t n = 0;

	for (; s && s[n] && n + 1 < size && n < 64; n++)
		room[n] = (unsigned char)s[n] < 0x20 || (unsigned char)s[n] >= 0x7f ? '?' : s[n];
	room[n] = '\0';
	return room;
}

/* Checks the option that is the next of the component's. */
static int option_check(const struct load_component *c, struct refusal *why)
{
	static const char *const types[] = { "string", "bool", "int", "size", "duration", "url", "path" };
	const vt_option *o = &c->options[c->options_n];
	const char *expected;
	bool known = false;
	char name[80], *canonical;
	uint32_t i;

	if (!o->name || !o->name[0])
		return refuse(why, LOAD_REFUSED, "option", "'%s' has an option without a name", c->about.name);
	shown(o->name, name, sizeof name);
	for (i = 0; o->type && i < sizeof types / sizeof *types; i++)
		known = known || strcmp(o->type, types[i]) == 0;
	if (!known)
		return refuse(why, LOAD_REFUSED, "option", "option '%s' of '%s' has no type that this vt knows", name, c->about.name);
	for (i = 0; i < c->options_n; i++)
		if (strcmp(c->options[i].name, o->name) == 0)
			return refuse(why, LOAD_REFUSED, "option", "'%s' has two options '%s'", c->about.name, name);
	for (i = 0; c->about.kind == VT_KIND_STORE && value_store_options[i]; i++)
		if (strcmp(value_store_options[i], o->name) == 0)
			return refuse(why, LOAD_REFUSED, "option", "'%s' has an option '%s', which vt itself answers for in every store",
				      c->about.name, name);
	if (!o->fallback)
		return 0;
	expected = value_canonical(o->type, o->fallback, &canonical);
	free(canonical);
	return expected ? refuse(why, LOAD_REFUSED, "option", "the fallback of option '%s' of '%s' is not %s", name, c->about.name, expected) : 0;
}

static int options_check(struct load_component *c, struct refusal *why)
{
	const vt_option *const *list = c->about.options;
	uint32_t n = 0;

	while (list && list[n] && n <= LOAD_OPTIONS_MAX)
		n++;
	if (n > LOAD_OPTIONS_MAX)
		return refuse(why, LOAD_REFUSED, "too-many", "'%s' has more than %d options", c->about.name, LOAD_OPTIONS_MAX);
	if (n && !(c->options = calloc(n, sizeof *c->options)))
		return refuse(why, LOAD_BROKEN, "memory", "out of memory");
	for (; c->options_n < n; c->options_n++) {
		vt_option *o = &c->options[c->options_n];

		if (clamp(o, sizeof *o, list[c->options_n], "an option", why) || option_check(c, why))
			return -1;
	}
	if (n && !c->about.set)
		return refuse(why, LOAD_REFUSED, "missing", "'%s' has options but no `set`", c->about.name);
	return 0;
}

/* The first operation that every component of the kind must have and this one lacks; NULL: none. */
static const char *ops_missing(uint32_t kind, const union load_ops *o)
{
	switch (kind) {
	case VT_KIND_TRACER:
		return !o->tracer.start ? "start" : !o->tracer.attach ? "attach" : !o->tracer.stop ? "stop" :
			!o->tracer.cancel ? "cancel" : NULL;
	case VT_KIND_FINGERPRINT:
		return !o->fingerprint.digest ? "digest" : NULL;
	case VT_KIND_STORE:
		return !o->store.get ? "get" : !o->store.put ? "put" : NULL;
	default:
		return NULL;
	}
}

static size_t ops_size(uint32_t kind)
{
	return kind == VT_KIND_TRACER ? sizeof(vt_tracer_ops) : kind == VT_KIND_PART ? sizeof(vt_part_ops) :
		kind == VT_KIND_FINGERPRINT ? sizeof(vt_fingerprint_ops) : sizeof(vt_store_ops);
}

static int component_check(struct load_component *c, const vt_component *its, struct refusal *why)
{
	char name[80];
	const char *lacks;

	if (clamp(&c->about, sizeof c->about, its, "a component", why))
		return -1;
	if (!c->about.name || !find_name_is_good(c->about.name)) {
		shown(c->about.name, name, sizeof name);
		c->about.name = NULL;
		return refuse(why, LOAD_REFUSED, "name", "a component's name, '%s', is not made of a-z 0-9 . _ -", name);
	}
	if (c->about.flags >> 16 & ~(VT_COMPONENT_WATCH_ALL >> 16))
		return refuse(why, LOAD_REFUSED, "flags", "'%s' asks for something this vt does not know (flags %#x)",
			      c->about.name, c->about.flags);
	if (options_check(c, why))
		return -1;
	if (c->about.ops && clamp(&c->ops, ops_size(c->about.kind), c->about.ops, "a table of operations", why))
		return -1;
	if (c->about.flags & VT_COMPONENT_DISABLED)
		return 0;
	if (!c->about.ops)
		return refuse(why, LOAD_REFUSED, "missing", "'%s' has no operations", c->about.name);
	lacks = ops_missing(c->about.kind, &c->ops);
	if (lacks)
		return refuse(why, LOAD_REFUSED, "missing", "'%s' lacks `%s`, which every %s has", c->about.name, lacks,
			      kind_word(c->about.kind));
	return 0;
}

static int components_check(struct plugin *p, struct refusal *why)
{
	const vt_component *const *list = p->about.components;
	uint32_t n = 0, i;

	while (list && list[n] && n <= LOAD_COMPONENTS_MAX)
		n++;
	if (n > LOAD_COMPONENTS_MAX)
		return refuse(why, LOAD_REFUSED, "too-many", "it provides more than %d components", LOAD_COMPONENTS_MAX);
	if (n && !(p->components = calloc(n, sizeof *p->components)))
		return refuse(why, LOAD_BROKEN, "memory", "out of memory");
	for (i = 0; i < n; i++) {
		struct load_component *c = &p->components[p->components_n];
		uint32_t kind;

		/* kinds of a newer interface are skipped */
		memcpy(&kind, (const char *)list[i] + offsetof(vt_component, kind), sizeof kind);
		if (kind < VT_KIND_TRACER || kind > VT_KIND_STORE)
			continue;
		p->components_n++;
		c->plugin = p;
		if (component_check(c, list[i], why))
			return -1;
	}
	if (!p->components_n)
		return refuse(why, LOAD_REFUSED, "empty", "it provides nothing that this vt knows");
	return 0;
}

static int about_check(struct plugin *p, const vt_plugin *its, struct refusal *why)
{
	char name[80];

	memcpy(&p->said_size, its, sizeof p->said_size);
	if (clamp(&p->about, sizeof p->about, its, "its description", why)) {
		p->about = (vt_plugin){ 0 };
		return -1;
	}
	if (p->said_size < offsetof(vt_plugin, components) + sizeof p->about.components) {
		p->about = (vt_plugin){ 0 };
		return refuse(why, LOAD_REFUSED, "struct-size", "its description has an impossible size, %u bytes", p->said_size);
	}
	if (p->about.abi_major != VT_ABI_MAJOR)
		return refuse(why, LOAD_REFUSED, "abi", "built for vt plugin interface %u.%u, this is %d.%d",
			      p->about.abi_major, p->about.abi_minor, VT_ABI_MAJOR, VT_ABI_MINOR);
	if (!p->about.name || !p->about.name[0])
		return refuse(why, LOAD_REFUSED, "name", "it has no name");
	if (strcmp(p->about.name, p->name))
		return refuse(why, LOAD_REFUSED, "name", "it calls itself '%s', so its file must be named vt-%s.so",
			      shown(p->about.name, name, sizeof name), name);
	if (p->about.host_minor_needed > VT_ABI_MINOR)
		return refuse(why, LOAD_REFUSED, "abi", "needs vt plugin interface %d.%u, this is %d.%d", VT_ABI_MAJOR,
			      p->about.host_minor_needed, VT_ABI_MAJOR, VT_ABI_MINOR);
	if (p->about.flags >> 16)
		return refuse(why, LOAD_REFUSED, "flags", "it asks for something this vt does not know (flags %#x)", p->about.flags);
	return 0;
}

/* The text of dlerror without the path, which the message shows anyway. */
static const char *dl_words(const char *real)
{
	const char *s = dlerror();
	size_t n = strlen(real);

	if (!s)
		return "no reason was given";
	if (strncmp(s, real, n) == 0 && strncmp(s + n, ": ", 2) == 0)
		s += n + 2;
	return s;
}

/* Copies the bytes of fd into sealed memory, which no process can change. -1: *why. */
static int seal(int fd, size_t size, struct refusal *why)
{
	int copy = memfd_create("vt-plugin", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	size_t done = 0;
	ssize_t n = 0;

	if (copy < 0)
		return refuse(why, LOAD_BROKEN, "system", "cannot be copied: %s", strerror(errno));
	while (done <= size && (n = sendfile(copy, fd, NULL, size - done + 1)) > 0)
		done += (size_t)n;
	if (n < 0 || done != size || fcntl(copy, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)) {
		refuse(why, LOAD_BROKEN, "system", "cannot be copied: %s", n < 0 ? strerror(errno) : "it changes while it is read");
		close(copy);
		return -1;
	}
	return copy;
}

/* Opens a sealed copy of the file whose SHA-256 is the given one. -1: *why. */
static int open_checked(const char *path, const struct digest *sha256, struct refusal *why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), copy = -1;
	struct digest its = { 0 };
	struct stat st;
	void *bytes;

	if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size > FILE_SIZE_MAX)
		refuse(why, LOAD_REFUSED, "unreadable", "it cannot be read");
	else
		copy = seal(fd, (size_t)st.st_size, why);
	if (fd >= 0)
		close(fd);
	if (copy < 0)
		return -1;
	bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, copy, 0);
	if (bytes != MAP_FAILED) {
		digest_of(bytes, (size_t)st.st_size, &its);
		munmap(bytes, (size_t)st.st_size);
	}
	if (bytes == MAP_FAILED || !digest_equal(&its, sha256)) {
		char hex[DIGEST_HEX_SIZE];

		close(copy);
		digest_hex(&its, hex);
		return refuse(why, LOAD_REFUSED, "sha256", "its SHA-256 is %s, the user's configuration lists another", hex);
	}
	return copy;
}

/* dlopen of the file, or of a sealed copy if there is a SHA-256. */
static void *open_object(const char *path, const struct digest *sha256, struct refusal *why)
{
	const int how = RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE;
	char copy_path[64];
	void *handle;
	int copy;

	if (!sha256) {
		handle = dlopen(path, how);
		if (!handle)
			refuse(why, LOAD_BROKEN, "load", "cannot be loaded: %s", dl_words(path));
		return handle;
	}
	copy = open_checked(path, sha256, why);
	if (copy < 0)
		return NULL;
	snprintf(copy_path, sizeof copy_path, "/proc/self/fd/%d", copy);
	handle = dlopen(copy_path, how);
	if (!handle)
		refuse(why, LOAD_BROKEN, "load", "cannot be loaded: %s", dl_words(copy_path));
	close(copy);
	return handle;
}

static int open_and_ask(struct plugin *p, const struct digest *sha256, struct refusal *why)
{
	const vt_plugin *(*entry)(uint32_t);
	const vt_plugin *its;

	if (file_check(p->path, why))
		return -1;
	p->handle = open_object(p->path, sha256, why);
	if (!p->handle)
		return -1;
	*(void **)&entry = dlsym(p->handle, "vt_plugin_entry");
	if (!entry)
		return refuse(why, LOAD_REFUSED, "no-entry", "not a plugin: it has no function vt_plugin_entry");
	its = entry(VT_ABI_MAJOR);
	if (!its)
		return refuse(why, LOAD_REFUSED, "abi", "does not speak vt plugin interface %d", VT_ABI_MAJOR);
	/* a plugin refused for its version is still listed with its components */
	if (about_check(p, its, why)) {
		struct refusal other;

		if (p->about.abi_major == VT_ABI_MAJOR)
			components_check(p, &other);
		return -1;
	}
	return components_check(p, why);
}

int plugin_load(const char *real, const char *name, const struct digest *sha256, struct plugin **ret, struct refusal *why)
{
	struct plugin *p = calloc(1, sizeof *p);

	*why = (struct refusal){ 0 };
	*ret = p;
	if (!p || !(p->path = strdup(real)) || !(p->name = strdup(name)))
		return refuse(why, LOAD_BROKEN, "memory", "out of memory");
	return open_and_ask(p, sha256, why);
}

void plugin_free(struct plugin *p)
{
	uint32_t i;

	if (!p)
		return;
	for (i = 0; i < p->components_n; i++)
		free(p->components[i].options);
	free(p->components);
	free(p->path);
	free(p->name);
	free(p);
}

uint32_t ops_names(const struct load_component *c, const char **ret, uint32_t room)
{
	uint32_t i;

	static const char *const tracer[] = { "start", "attach", "stop", "cancel" },
		*const part[] = { "key", "infer", "save", "restore" }, *const fingerprint[] = { "digest", "changed_since", "content_at" },
		*const store[] = { "get", "put", "drop", "get_many", "put_many", "has", "used", "list", "wants", "lease", "release", "settle" };
	static const struct { const char *const *names; uint32_t n; } kinds[] = {
		[VT_KIND_TRACER] = { tracer, 4 }, [VT_KIND_PART] = { part, 4 },
		[VT_KIND_FINGERPRINT] = { fingerprint, 3 }, [VT_KIND_STORE] = { store, 12 },
	};
	const unsigned char *members = (const unsigned char *)&c->ops + 8;
	uint32_t n = 0, kind = c->about.kind;

	for (i = 0; kind >= VT_KIND_TRACER && kind <= VT_KIND_STORE && i < kinds[kind].n && n < room; i++) {
		void *member;

		memcpy(&member, members + i * sizeof member, sizeof member);
		if (member)
			ret[n++] = kinds[kind].names[i];
	}
	return n;
}
