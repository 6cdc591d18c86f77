/* worktree: the folder in which the worktrees of one git repository share results:
 *
 *     $XDG_CACHE_HOME/vt/worktrees/ID/repository     the path of the repository's git folder
 *                                     key-WORKSPACE  the key of states and names, as that of a team
 *                                     results/       of the plugin store-folder
 *
 * ID follows from the repository's git folder. A linked worktree is known by its file `.git`, and counts only if the
 * repository that the file names lists it back: the file of a clone that came from elsewhere can name anything. The
 * main worktree takes part as long as there are others. */
#ifndef FAR_WORKTREE_H
#define FAR_WORKTREE_H

#include <stdbool.h>

#include "base/digest.h"
#include "base/err.h"
#include "base/mem.h"

struct env;

/* All paths are absolute and live in the arena. */
struct worktree_share {
	const char *results;           /* for store-folder; NULL: nothing is shared */
	const char *main;              /* this workspace in the main worktree, which has a cache; NULL: none, or this is it */
	bool is_new;                   /* this process made the folder: it is empty */
	uint8_t key[DIGEST_KEY_SIZE];
};

/* Finds the folder of the workspace at `root` (a real path), and makes it unless `dry`. `cache_dir`: of the workspace. For a
 * repository with one worktree that is a look for `.git`. 0, also where nothing is shared; -1: the folder cannot be
 * used or trusted; err says why. */
int worktree_share(const struct env *env, const char *root, const char *cache_dir, bool dry, struct arena *a, struct worktree_share *ret, struct err *err);
/* Has the main worktree send its results to a new folder, by `vt cache push` there. Waits until it has ended, half a minute
 * at most; `slow` is called once if that takes longer than a second. [work] */
void worktree_fill(const struct worktree_share *share, const char *vt, char *const *environment, void (*slow)(void *ctx, const char *text), void *ctx);
#endif
