/* vt-plugin.h - the whole contract between vt and its plugins.
 *
 * SPDX-License-Identifier: 0BSD
 *
 * A plugin is one shared object, vt-NAME.so, that exports one function,
 * vt_plugin_entry. It needs nothing but this header: whatever it may call it is
 * handed as an argument. vt-plugin(7) is a tutorial, vt-plugin(3) tells every call.
 *
 * The one idea: parts name things, vt finds out their state. Everything a result
 * depends on is a fact (kind, name, state); the key is a list of facts, a stored
 * result holds a list of facts, and a miss is the difference of two lists. A
 * tracer sees what processes did; a part decides what of it counts; a fingerprint
 * looks at file contents; a store keeps; vt compares.
 *
 * Growing rule: structs marked [grows] start with struct_size and only ever gain
 * members at the end; each side copies min(sizes), so that members the other side
 * does not know are 0. Structs marked [frozen] never change. Constants are never
 * renumbered. Everything else needs a new major.
 *
 * Thread words:  [alone] while it runs, vt makes no other call of this component
 * (components come alive when they are first needed, on the thread that needs
 * them);  [work] any worker, as `threads` promises;  [any] any thread, also at the
 * same time. What a call is handed (sinks, sources, findings, saving, restoring,
 * spawn, notes) is used on that call's own thread and until it returns; vt_call
 * itself is [any] meanwhile. A vt built for debugging ends with the name of what was
 * called from elsewhere.
 * Time: vt_call.stopping and vt_call.left_ms tell the truth in every call. A call of a
 * part, tracer or fingerprint that for a minute neither returns nor asks vt for anything
 * ends the run; so does a create, set, start or destroy. A call of a store costs the store
 * only: the run goes on without it, and a thread that is still inside of it when the
 * process ends is left there; then the component is not destroyed either. A near store has
 * that same minute, and a second once vt was told to end. A far store (VT_WANTS_FAR) is
 * judged by bytes: a call that moves none for 2 s, or too few, is asked to stop, and then
 * nobody waits for it any more.
 * Memory: nobody frees what the other side allocated. Arguments are borrowed for
 * the length of the call. Results leave through a sink or a caller's buffer.
 * Text is UTF-8; paths and names are bytes, not NUL-terminated. No environment
 * value ever crosses this line.
 * A plugin does not: fork, change cwd, umask, locale, environment or signal
 * handlers, call exit, write to stdout or stderr, make an fd without CLOEXEC.
 * A thread of its own that waits in the kernel can be woken with pthread_kill and
 * SIGURG: while a tracer watches, vt has a handler for it that does nothing, and
 * no SA_RESTART.
 *
 * Status: this is 1.1, which the first release will freeze; until then what is new
 * since 1.0 may still change, after it only grow. */
#ifndef VT_PLUGIN_H
#define VT_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VT_ABI_MAJOR 1
#define VT_ABI_MINOR 1

#if defined(__GNUC__)
#define VT_EXPORT __attribute__((visibility("default")))
#else
#define VT_EXPORT
#endif

/* Does *p, as its maker filled it, have this member, and is it not NULL?
 * VT_HAS_AS names the type for compilers without __typeof__. */
#define VT_HAS_AS(type, p, member) \
	((p)->struct_size >= offsetof(type, member) + sizeof((p)->member) && (p)->member)
#define VT_HAS(p, member) VT_HAS_AS(__typeof__(*(p)), p, member)

typedef int32_t vt_status;
#define VT_OK           0  /* done; still true                                     */
#define VT_NONE         1  /* nothing there, declined: an answer, not an error     */
#define VT_FAILED      -1  /* an error; a report was made on this call             */
#define VT_CANCELLED   -2  /* gave up because vt asked (vt_call.stopping)          */
#define VT_UNSUPPORTED -3  /* this plugin, or this machine, cannot do that         */
#define VT_DOWN        -4  /* of no use in this run: one warning, not called again; a report was made */

typedef struct vt_bytes { const void *data; size_t size; } vt_bytes;   /* [frozen] */
typedef struct vt_id { uint8_t byte[32]; } vt_id;                       /* [frozen] a MAC, or the SHA-256 of a blob's bytes */

typedef struct vt_call vt_call;
typedef struct vt_sink vt_sink;
typedef struct vt_source vt_source;
typedef struct vt_findings vt_findings;
typedef struct vt_saving vt_saving;
typedef struct vt_restoring vt_restoring;
typedef struct vt_spawn vt_spawn;
typedef struct vt_notes vt_notes;
typedef struct vt_host vt_host;

/* ---- services: what a plugin is handed ------------------------------------- */

#define VT_REPORT_DEBUG   0  /* never shown                         */
#define VT_REPORT_INFO    1  /* shown with -v, each text once       */
#define VT_REPORT_WARNING 2  /* shown, each text once               */
#define VT_REPORT_ERROR   3  /* shown with the failure it belongs to */

/* One request. First argument after self, everywhere. [any] during the call. */
struct vt_call {                                                        /* [grows] */
	uint32_t struct_size, reserved;
	/* A sentence for the user, without a trailing newline. `code` is a short stable
	 * word for scripts ("denied", "corrupt"); at most 512 bytes of text are kept. */
	void (*report)(vt_call *, uint32_t level, const char *code, vt_bytes text);
	int (*stopping)(vt_call *);          /* 1: vt wants this call to end; return VT_CANCELLED */
	int64_t (*left_ms)(vt_call *);       /* time left before vt gives up on it; INT64_MAX: no limit */
};

struct vt_sink {                                                        /* [grows] bytes out; either side makes them */
	uint32_t struct_size, reserved;
	vt_status (*write)(vt_sink *, vt_call *, const void *data, size_t size);   /* all or a failure */
	vt_status (*restart)(vt_sink *, vt_call *);   /* forget what came: from the first byte again. VT_UNSUPPORTED: go on at `got` */
	uint64_t most;                       /* more bytes than this are refused; UINT64_MAX: no limit */
	uint64_t got;                        /* bytes that were written since the last restart; the sink's maker counts */
};

struct vt_source {                                                      /* [grows] bytes in */
	uint32_t struct_size, reserved;
	/* From byte `at` on: in any order, and again. At least one byte unless `at` is the end; *ret 0: the end. */
	vt_status (*read)(vt_source *, vt_call *, uint64_t at, void *buffer, size_t size, size_t *ret);
	uint64_t size;                       /* of all of it */
};

/* ---- what a step is -------------------------------------------------------- */

#define VT_STEP_INPUT_AUTO  1u   /* what it reads is to be found out                   */
#define VT_STEP_OUTPUT_AUTO 2u   /* `output` is omitted                                */
#define VT_STEP_OUTPUT      4u   /* `output` names something: it is to be archived     */

typedef struct vt_step {                                                /* [grows] one command to be run or replayed */
	uint32_t struct_size, flags;         /* VT_STEP_* */
	vt_bytes task, root, cwd;            /* "pkg#task"; the workspace, absolute; root-relative directory, "" for the root */
	const vt_bytes *argv;
	uint32_t argc;
	uint32_t declared_count;
	const vt_bytes *declared;            /* names of the variables in the key */
	const vt_bytes *trusted;             /* sockets whose answers do not count: "unix:/PATH", "unix:@NAME", "tcp:PORT" */
	uint32_t trusted_count, reserved;
} vt_step;

/* ---- what was seen --------------------------------------------------------- */

#define VT_SEEN_READ          1u
#define VT_SEEN_WRITE         2u
#define VT_SEEN_PROBE         3u   /* asked about: stat, access, readlink              */
#define VT_SEEN_LIST          4u   /* a directory opened for reading                   */
#define VT_SEEN_RENAME        5u   /* name became other                                */
#define VT_SEEN_EXEC          6u   /* a program started, or a library loaded           */
#define VT_SEEN_ENV           7u   /* a tracked getEnv                                 */
#define VT_SEEN_ENV_GLOB      8u
#define VT_SEEN_ENV_PREFIX    9u
#define VT_SEEN_IGNORE_INPUT  10u
#define VT_SEEN_IGNORE_OUTPUT 11u
#define VT_SEEN_BEFORE        12u  /* what a path was before its first WRITE or RENAME: other, see below */
#define VT_SEEN_NET           13u  /* a connection or a datagram: name is "tcp:ADDRESS:PORT", "udp:ADDRESS:PORT", "unix:/PATH", "unix:@NAME" */

#define VT_SEEN_OUTPUT        1u   /* flag: under the task's `output` globs (set by vt) */
#define VT_SEEN_REMOVED       2u   /* flag, WRITE: taken away (unlink, rmdir)           */
#define VT_SEEN_DIRECTORY     4u   /* flag: the call demands a directory (O_DIRECTORY, mkdir, rmdir) */
#define VT_SEEN_NOFOLLOW      8u   /* flag: a link at the end was not followed          */
#define VT_SEEN_SETUID        16u  /* flag, EXEC: the file is set-uid or set-gid        */
#define VT_SEEN_THERE         32u  /* flag: something was there when it was asked for; NET: it was connected */
#define VT_SEEN_ABSENT        64u  /* flag: nothing was there then; neither: not known  */
#define VT_SEEN_ATTRIBUTE     128u /* flag, WRITE: mode, owner or times; the content stays */
#define VT_SEEN_OUTSIDE       256u /* flag: name is absolute, outside the workspace (set by vt) */
#define VT_SEEN_LEFT          512u /* flag, WRITE: not a moment but what the run left at name, for OUTPUT parts (set by vt): */
                                   /* with REMOVED nothing, with DIRECTORY an empty folder, else a file or a link */
#define VT_SEEN_FOREIGN       1024u /* flag, WRITE of a tracer (since 1.1): no call of the step, but another program that */
                                   /* wrote over name after the step had written it; vt keeps this to itself */

/* The `other` of VT_SEEN_BEFORE. Empty: nothing was there if flag ABSENT is set, else what was there is not known. Its first byte:
 *     c   a regular file; then the vt_id of its content (XXH3-128, canonical, in bytes 0-15; byte 31 is 1)
 *     f   a regular file whose content was not looked at
 *     d   a directory
 *     l   a link; then its target
 *     o   something else
 * Behind c and f an x follows if its owner may execute it. */

typedef struct vt_seen {                                                /* [frozen] in order of happening */
	uint16_t op, flags;                  /* VT_SEEN_* */
	uint32_t process;                    /* pid, for messages; 0: unknown */
	vt_bytes name, other;                /* `infer`: root-relative and clean. A tracer adds: absolute, see vt_notes */
} vt_seen;

/* ---- parts ----------------------------------------------------------------- */

#define VT_FACT_ENV        1u   /* a variable: its value                              */
#define VT_FACT_ENV_GLOB   2u   /* all variables that match                           */
#define VT_FACT_ENV_PREFIX 3u
#define VT_FACT_FILE       4u   /* content, or missing; of a directory: as LIST       */
#define VT_FACT_TYPE       5u   /* file, directory, link or missing                   */
#define VT_FACT_LIST       6u   /* a directory's names and types; detail: names left out, each ended by NUL */
#define VT_FACT_PROGRAM    7u   /* an executed program or loaded library, absolute     */
#define VT_FACT_VALUE      8u   /* detail is the state itself                          */
#define VT_FACT_OUTSIDE   10u   /* a file outside the workspace, absolute: its content */
#define VT_FACT_PROBE      9u   /* of a regular file as FILE, of anything else as TYPE */

#define VT_REFUSE_READ_AND_WROTE 1u   /* name: the path                               */
#define VT_REFUSE_OTHER          2u   /* name: a sentence                             */

struct vt_findings {                                                    /* [grows] what a part answers */
	uint32_t struct_size, reserved;
	vt_status (*add)(vt_findings *, vt_call *, uint32_t fact, vt_bytes name, vt_bytes detail);  /* "it depends on this" */
	vt_status (*output)(vt_findings *, vt_call *, vt_bytes path);                               /* "it made this"       */
	vt_status (*refuse)(vt_findings *, vt_call *, uint32_t why, vt_bytes name);                 /* "do not keep it"     */
};

#define VT_META_FILE 1u
#define VT_META_LINK 2u          /* its bytes are the target */
#define VT_META_DIR  3u          /* empty */

typedef struct vt_meta {                                                /* [frozen] */
	uint32_t type, mode;                 /* VT_META_*; mode & 0777 */
	int64_t mtime_ns;
} vt_meta;

struct vt_saving {                                                      /* [grows] */
	uint32_t struct_size, reserved;
	vt_status (*open)(vt_saving *, vt_call *, vt_bytes path, vt_source **ret, vt_meta *ret_meta);  /* VT_NONE: vanished; good until the next open */
	vt_status (*keep)(vt_saving *, vt_call *, vt_source *, vt_id *ret);                            /* take as a blob; vt names it */
	vt_status (*write)(vt_saving *, vt_call *, const void *data, size_t size);                     /* the part's own section */
};

struct vt_restoring {                                                   /* [grows] */
	uint32_t struct_size, reserved;
	vt_bytes section;                    /* what this part wrote when it saved */
	vt_status (*create)(vt_restoring *, vt_call *, vt_bytes path, const vt_meta *, vt_sink **ret); /* VT_NONE: already as it was saved */
	vt_status (*fetch)(vt_restoring *, vt_call *, const vt_id *, vt_sink *into);                   /* verified while streaming; FAILED if not whole */
};

/* Every member may be NULL; they are called in this order in a step's life. [work] */
typedef struct vt_part_ops {                                            /* [grows] */
	uint32_t struct_size, reserved;
	vt_status (*key)(void *self, vt_call *, const vt_step *, vt_findings *);                                /* before lookup: add() only */
	vt_status (*infer)(void *self, vt_call *, const vt_step *, const vt_seen *, uint32_t n, vt_findings *); /* after a good run */
	vt_status (*save)(void *self, vt_call *, const vt_step *, const vt_bytes *outputs, uint32_t n, vt_saving *);
	vt_status (*restore)(void *self, vt_call *, const vt_step *, vt_restoring *);                           /* all or nothing: vt commits on VT_OK */
} vt_part_ops;

/* ---- tracers --------------------------------------------------------------- */

#define VT_FILTER_NONE   0u
#define VT_FILTER_NOTIFY 1u   /* seccomp user notification                             */
#define VT_FILTER_PTRACE 2u   /* the same program, stops turned into notifications      */

struct vt_spawn {                                                       /* [grows] the child about to start; vt and its supervisor do the rest */
	uint32_t struct_size, reserved;
	vt_status (*setenv)(vt_spawn *, vt_call *, vt_bytes name, vt_bytes value);
	vt_status (*filter)(vt_spawn *, vt_call *, uint32_t how, vt_bytes program);   /* sock_filter array; tried in the order given */
	vt_status (*preload)(vt_spawn *, vt_call *, vt_bytes file);                   /* into each dynamic program, if a filter is installed, behind what the user wants loaded */
};

struct vt_notes {                                                       /* [grows] */
	uint32_t struct_size, reserved;
	vt_status (*add)(vt_notes *, vt_call *, const vt_seen *, uint32_t n);         /* in order of happening */
	vt_status (*refuse)(vt_notes *, vt_call *, vt_bytes sentence);                /* "do not keep it"; of several the first */
};

typedef struct vt_tracer_ops {                                          /* [grows] [work] knows processes, not policy; none may be NULL */
	uint32_t struct_size, reserved;
	vt_status (*start)(void *self, vt_call *, const vt_step *, vt_spawn *, void **ret_watch);    /* before the child exists */
	vt_status (*attach)(void *self, vt_call *, void *watch, uint32_t how, int32_t listener);     /* the watch owns it now; how 0: none, -listener is the errno */
	vt_status (*stop)(void *self, vt_call *, void *watch, vt_notes *into);                       /* frees watch; VT_NONE: incomplete, reported why */
	void (*cancel)(void *self, void *watch);                                                     /* frees watch */
} vt_tracer_ops;

/* ---- fingerprints ---------------------------------------------------------- */

typedef struct vt_file {                                                /* [frozen] just stat'ed by vt: a regular file */
	vt_bytes path;                       /* root-relative; absolute when outside the workspace */
	uint64_t size, inode, device;
	int64_t mtime_ns, ctime_ns;
} vt_file;

typedef struct vt_fingerprint_ops {                                     /* [grows] [work] */
	uint32_t struct_size, reserved;
	vt_status (*digest)(void *self, vt_call *, vt_bytes root, const vt_file *, uint32_t n, vt_id *ret);   /* n ids, by content and, if it likes, path; all zero: vanished, or may not be read */
	/* Root-relative paths that differ from `reference`, each ended by NUL. "REF..." : since the
	 * merge base with REF; "..." : since the one with the default branch. VT_NONE: no such
	 * reference, reported why. May be NULL. */
	vt_status (*changed_since)(void *self, vt_call *, vt_bytes root, vt_bytes reference, vt_sink *paths);
	/* The content of a root-relative regular file as `reference`, said as above, has it. VT_NONE: it
	 * has none there. May be NULL. */
	vt_status (*content_at)(void *self, vt_call *, vt_bytes root, vt_bytes reference, vt_bytes path, vt_sink *content);
} vt_fingerprint_ops;

/* ---- stores ---------------------------------------------------------------- */

/* A space's bits say how it is to be served; so a store serves spaces that it never heard of. */
#define VT_SPACE_UNNAMED 2u  /* bit: not named by the SHA-256 of its bytes                */
#define VT_SPACE_MUTABLE 4u  /* bit: may be put again with other bytes; the last put wins */

#define VT_SPACE_BLOB    1u  /* immutable, named by the SHA-256 of its bytes              */
#define VT_SPACE_RESULT  3u  /* put again it is worth the same                            */
#define VT_SPACE_ENTRY   7u  /* at most 64 KiB, the last put wins                         */

#define VT_DROP_DAMAGED 1u   /* its bytes were wrong, twice              */
#define VT_DROP_USELESS 2u   /* what it leads to is not there            */
#define VT_DROP_ASKED   3u   /* the user, or whoever put it, asked       */

typedef struct vt_get_item {                                            /* [frozen] */
	vt_id name;
	vt_sink *into;
	vt_status status;                    /* set by the store: of this item, as get() returns it */
	uint32_t reserved;
} vt_get_item;

typedef struct vt_put_item {                                            /* [frozen] */
	vt_id name;
	vt_source *from;
	vt_status status;                    /* set by the store: of this item, as put() returns it */
	uint32_t reserved;
} vt_put_item;

#define VT_WANTS_FAR     1u  /* elsewhere: asked after the near stores, in the background, and never waited for */
#define VT_WANTS_BUNDLES 2u  /* one object per result instead of one per file                                   */
#define VT_WANTS_NO_PUT  4u  /* takes nothing                                                                   */

typedef struct vt_wants {                                               /* [grows] all 0: as a store without wants() */
	uint32_t struct_size, flags;         /* VT_WANTS_* */
	uint32_t parallel;                   /* calls that are of use at once; 0: vt chooses */
	uint32_t batch;                      /* items in one *_many call; 0: vt chooses */
	uint64_t batch_bytes;                /* of all items of one put_many; 0: vt chooses */
	uint64_t most;                       /* larger objects are not offered; 0: no limit */
} vt_wants;

/* All but get and put may be NULL. Without get_many, put_many and has vt asks one by one, `parallel` calls at once. */
typedef struct vt_store_ops {                                           /* [grows] [work] */
	uint32_t struct_size, reserved;
	vt_status (*get)(void *self, vt_call *, uint32_t space, const vt_id *name, vt_sink *into);      /* VT_NONE: not there */
	vt_status (*put)(void *self, vt_call *, uint32_t space, const vt_id *name, vt_source *from);    /* whole or nothing; VT_NONE: declined, silently */
	vt_status (*drop)(void *self, vt_call *, uint32_t space, const vt_id *name, uint32_t why);      /* VT_NONE: not there, or declined */
	vt_status (*get_many)(void *self, vt_call *, uint32_t space, vt_get_item *items, uint32_t n);   /* VT_OK: each item has its status */
	vt_status (*put_many)(void *self, vt_call *, uint32_t space, vt_put_item *items, uint32_t n);
	vt_status (*has)(void *self, vt_call *, uint32_t space, const vt_id *names, uint32_t n, uint8_t *ret);   /* n bytes: 1 there, 0 not */
	vt_status (*used)(void *self, vt_call *, const vt_id *blobs, uint32_t n);                       /* relied upon without being read */
	vt_status (*list)(void *self, vt_call *, uint32_t space, int64_t since_s, vt_sink *names);      /* 32 bytes for each that was put or used since; seconds since 1970 */
	vt_status (*wants)(void *self, vt_call *, vt_wants *ret);                                       /* [alone] once, after start */
	/* Takes the lease `name` for `owner`, or prolongs it. VT_NONE: *ret_owner has it. It ends by itself after ttl_ms. */
	vt_status (*lease)(void *self, vt_call *, const vt_id *name, const vt_id *owner, uint32_t ttl_ms, vt_id *ret_owner);
	vt_status (*release)(void *self, vt_call *, const vt_id *name, const vt_id *owner);             /* VT_NONE: owner does not have it */
	vt_status (*settle)(void *self, vt_call *);                                                     /* the run is over: sync, compact, collect */
} vt_store_ops;

/* ---- the description ------------------------------------------------------- */

struct vt_host {                                                        /* [grows] given to create, valid until destroy */
	uint32_t struct_size;
	uint16_t abi_major, abi_minor;
	const char *version;                 /* of vt */
	/* Both NULL without a workspace. The component's private folder inside the cache is made by
	 * the component when it needs it (mkdir 0700; its parent is there). folder is NULL also where
	 * a repository may have brought what stands in the cache's place. */
	const char *folder;
	const char *cache;                   /* the cache directory itself, for stores that keep their data beside the core's */
};

#define VT_OPTION_SECRET    1u   /* never shown; implies USER_ONLY            */
#define VT_OPTION_REQUIRED  2u
#define VT_OPTION_USER_ONLY 4u   /* refused from a workspace's configuration */

typedef struct vt_option {                                              /* [grows] one configuration key */
	uint32_t struct_size, flags;
	/* type, and the text that `set` gets: "string" "url" "path": as written; "int": decimal; "bool": 0 or 1;
	 * "size": bytes, decimal; "duration": milliseconds, decimal */
	const char *name, *type;
	const char *fallback, *help;         /* fallback: what `set` gets when nothing is configured; NULL: no call then */
} vt_option;

#define VT_KIND_TRACER      1u
#define VT_KIND_PART        2u
#define VT_KIND_FINGERPRINT 3u
#define VT_KIND_STORE       4u

#define VT_THREADS_ONE  0u   /* one call at a time; vt does the locking */
#define VT_THREADS_MANY 1u   /* any number at once                      */

#define VT_ROLE_ENV     1u   /* a part answers for tracked variables  */
#define VT_ROLE_INPUT   2u   /* ... for automatic inputs              */
#define VT_ROLE_OUTPUT  4u   /* ... for automatic outputs             */
#define VT_ROLE_ARCHIVE 8u   /* ... for keeping and restoring outputs */

/* Bits 0-15 may be ignored by a vt that does not know them, 16-31 refuse the component. */
#define VT_COMPONENT_DISABLED  1u       /* listed, never created; summary says why                                  */
#define VT_COMPONENT_WATCH_ALL 65536u   /* a part: steps with declared input are traced, too, so that it sees them */

typedef struct vt_component {                                           /* [grows] */
	uint32_t struct_size, kind;          /* VT_KIND_* */
	const char *name, *summary;          /* name: what users write */
	uint32_t threads, flags;             /* VT_THREADS_*, VT_COMPONENT_* */
	uint32_t roles, format;              /* VT_ROLE_*; format is raised whenever the same run would give other findings or bytes */
	const vt_option *const *options;     /* NULL-terminated list of pointers, or NULL */
	vt_status (*create)(const vt_host *, vt_call *, void **ret_self);          /* [alone] may be NULL: self is NULL then */
	vt_status (*set)(void *self, vt_call *, const char *key, vt_bytes value);  /* [alone] options in the table's order; may be NULL without options */
	vt_status (*start)(void *self, vt_call *);                                 /* [alone] options complete; may be NULL */
	void (*destroy)(void *self);                                               /* [alone] also after a failed set or start; may be NULL */
	/* A word for the STATE column of `vt plugins list` ("seccomp"), or NULL. [work] after start; may be NULL */
	const char *(*status)(void *self, vt_call *);
	const void *ops;                     /* the table of its kind */
} vt_component;

typedef struct vt_plugin {                                              /* [grows] */
	uint32_t struct_size;
	uint16_t abi_major, abi_minor;       /* of the header it was built with */
	uint32_t host_minor_needed, flags;
	const char *name, *version, *summary, *license, *homepage;
	const vt_component *const *components;   /* NULL-terminated list of pointers */
} vt_plugin;

/* NULL: "I do not speak that major". Constant answer, no side effect. [any] */
VT_EXPORT const vt_plugin *vt_plugin_entry(uint32_t host_major);

/* All of it, for a plugin that is its components: once, at the end of the file.
 *     VT_PLUGIN("store-x", "1.0", "keeps results in x", "0BSD", "https://...", &component)
 * Each text but name and version may be NULL. */
#define VT_PLUGIN(name, version, summary, license, homepage, ...) \
	static const vt_component *const vt_plugin_components[] = { __VA_ARGS__, NULL }; \
	static const vt_plugin vt_plugin_described = { sizeof(vt_plugin), VT_ABI_MAJOR, VT_ABI_MINOR, 0, 0, \
		name, version, summary, license, homepage, vt_plugin_components }; \
	VT_EXPORT const vt_plugin *vt_plugin_entry(uint32_t host_major) \
	{ \
		return host_major == VT_ABI_MAJOR ? &vt_plugin_described : NULL; \
	} \
	struct vt_plugin

#ifdef __cplusplus
}
#endif
#endif
