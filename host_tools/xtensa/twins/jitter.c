#include <stdint.h>

enum { RING = 2240, STAMP = 0xFFFFFFF, HALF = 0x8000000, NONE = 0x1000000, STEP = 80 };
enum { SLACKS = 20480, REST = 1600, PATIENCE = 16000, QUIET = 0x1A, RESTART = 640, STARVED = 8000, LEAP = 8000 };
enum { OVERTAKEN = 200, MAX_DROPOUT = 3000, MAX_MISORDER = 100, LONGEST = 1600 };

struct state { /* the words of array("i") */
    int32_t play, head, running, heard, high, mask, transit, jitter, least, least_before, most, most_before;
    int32_t age, bad, silent, wait, tried, strike, min, max, flip;
    int32_t received, late, lost, duplicate, discarded, stretched, skipped, restarts;
};

static int32_t max(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

static int32_t min(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

void jitter__move(int32_t *s, uint8_t *ring, int32_t by)
{
    struct state *state = (struct state *)s;
    state->play = (state->play + by) & STAMP;
    int32_t w = state->head;
    for (int32_t left = by; left > 0; left -= 8) {
        ring[RING + (w >> 3)] = 0;
        w += 8;
        if (w == RING)
            w = 0;
    }
    if (by < 0) {
        w += by;
        if (w < 0)
            w += RING;
    }
    state->head = w;
    int32_t *slack = &state->least;
    for (int32_t i = 0; i < 4; i++)
        if (slack[i] != NONE)
            slack[i] = max(slack[i] - by, 0);
}

/* Counts a packet by its sequence number. -1: it came twice; else by how many it was overtaken. */
static int32_t follow(struct state *state, int32_t seq)
{
    int32_t overtaken = 0;
    if (!state->heard) {
        state->heard = 1;
        state->high = seq;
        state->mask = 1;
        return 0;
    }
    int32_t d = (seq - state->high) & 0xFFFF;
    if (d == 0 || d >= 0x10000 - MAX_MISORDER) {
        overtaken = (0x10000 - d) & 0xFFFF;
        if (overtaken < 24) {
            if (state->mask >> overtaken & 1) {
                state->duplicate++;
                return -1;
            }
            state->mask |= 1 << overtaken;
        }
        if (state->lost)
            state->lost--;
        return overtaken;
    }
    if (d < MAX_DROPOUT)
        state->lost += d - 1;
    state->mask = d < 24 ? (state->mask & ((1 << (24 - d)) - 1)) << d | 1 : 1;
    state->high = seq;
    return 0;
}

static void anchor(struct state *state, uint8_t *ring, int32_t ts, int32_t *most)
{
    int32_t surplus = min(state->least, state->least_before) - state->min;
    if (surplus > 0 && surplus < *most) {
        jitter__move((int32_t *)state, ring, surplus);
        *most -= surplus;
    }
    *most = min(max(*most, state->min), state->max);
    state->play = (ts - *most) & STAMP;
    state->head = 0;
    state->running = 1;
    for (int32_t w = RING; w < RING + RING / 8; w++)
        ring[w] = 0;
}

void jitter__put(int32_t *s, uint8_t *ring, const uint8_t *src, void *state, void *flags, int32_t offset, int32_t n, int32_t seq, int32_t ts, int32_t now)
{
    (void)flags;
    (void)s;
    struct state *st = state;
    int32_t overtaken = follow(st, seq);
    if (overtaken < 0)
        return;
    st->received++;
    if (st->strike)
        st->strike--;
    if (n == 0)
        return;
    int32_t transit = (((now & 0x1FFFFFF) << 3) - ts) & STAMP;
    if (st->heard == 2) {
        int32_t d = (transit - st->transit) & STAMP;
        if (d >= HALF)
            d = STAMP + 1 - d;
        if (d < LEAP)
            st->jitter += d - ((st->jitter + 8) >> 4);
    }
    st->heard = 2;
    st->transit = transit;
    n = min(n, LONGEST) & -8;
    if (n <= 0) {
        st->discarded++;
        return;
    }
    st->max = min(st->max, RING - n);
    int32_t most = max(st->most, st->most_before), slack = 0, anew = 1;
    if (st->running) {
        slack = (ts - st->play) & STAMP;
        if (slack >= HALF)
            slack -= STAMP + 1;
        int32_t r = slack & 7;
        if (r > 4)
            r -= 8;
        slack -= r;
        int32_t bad = 0, move = 0;
        if (slack < 0) {
            st->late++;
            bad = 1;
            if (slack >= -RING) {
                move = (STEP - 1 - slack) / STEP * STEP;
                if (most + move <= st->max) {
                    bad = 0;
                    if (!overtaken || st->strike) {
                        jitter__move(state, ring, -move);
                        st->stretched += move / STEP;
                        st->least = min(st->least, slack + move);
                    }
                    if (overtaken) {
                        st->strike = OVERTAKEN;
                        st->discarded++;
                        return;
                    }
                }
            }
        } else if (slack > st->max) {
            move = slack - st->max;
            bad = 1;
            if (move < LEAP) {
                bad = 0;
                jitter__move(state, ring, move);
                st->skipped += (move + STEP - 1) / STEP;
                move = -move;
            }
        }
        if (bad) {
            if (!st->bad)
                st->bad = 1;
            if (st->bad <= RESTART) {
                st->discarded++;
                return;
            }
            st->restarts++;
            st->least = NONE;
            st->least_before = 0;
        } else {
            anew = 0;
            slack += move;
            st->play = (st->play + r) & STAMP;
        }
    }
    if (anew) {
        anchor(st, ring, ts, &most);
        slack = most;
    }
    st->bad = 0;
    st->silent = 0;
    st->least = min(st->least, slack);
    st->most = max(st->most, slack);
    int32_t w = st->head + slack;
    if (w >= RING)
        w -= RING;
    src += offset;
    for (; n; n -= 8) {
        for (int32_t k = 0; k < 8; k++)
            ring[w + k] = src[k];
        ring[RING + (w >> 3)] = 1;
        src += 8;
        w += 8;
        if (w == RING)
            w = 0;
    }
}

static int32_t quiet(const struct state *st, const uint8_t *ring)
{
    int32_t w = st->head;
    for (int32_t k = 0; k < STEP; k++) {
        if (ring[RING + (w >> 3)] && ((ring[w] ^ st->flip) & 127) > QUIET)
            return 0;
        if (++w == RING)
            w = 0;
    }
    return 1;
}

int32_t jitter__take(int32_t *s, uint8_t *dst, uint8_t *ring, void *state, void *flags, int32_t offset, int32_t n)
{
    (void)flags;
    struct state *st = state;
    if (!st->running || n <= 0 || n & 7)
        return 0;
    st->age += n;
    st->silent += n;
    st->wait = max(st->wait - n, 0);
    if (st->bad)
        st->bad += n;
    if (st->age >= SLACKS) {
        st->age = 0;
        if (st->least != NONE) {
            st->least_before = st->least;
            st->most_before = st->most;
            st->least = NONE;
            st->most = 0;
        }
    }
    int32_t surplus = min(st->least, st->least_before) - st->min;
    if (surplus >= STEP && !st->wait) {
        st->tried += n;
        if ((surplus >= 2 * STEP && st->tried >= PATIENCE) || quiet(st, ring)) {
            st->tried = 0;
            st->wait = REST;
            st->skipped++;
            jitter__move(s, ring, STEP);
        }
    }
    int32_t found = 1, w = st->head;
    for (int32_t left = n; left; left -= 8) {
        if (!ring[RING + (w >> 3)])
            found = 0;
        ring[RING + (w >> 3)] = 0;
        w += 8;
        if (w == RING)
            w = 0;
    }
    if (found) {
        int32_t from = st->head;
        dst += offset;
        for (int32_t left = n; left; left -= 8) {
            for (int32_t k = 0; k < 8; k++)
                dst[k] = ring[from + k];
            dst += 8;
            from += 8;
            if (from == RING)
                from = 0;
        }
    }
    st->head = w;
    st->play = (st->play + n) & STAMP;
    if (st->silent >= STARVED)
        st->running = 0;
    return found;
}
