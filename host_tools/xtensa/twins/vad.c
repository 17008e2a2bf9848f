#include <stdint.h>

enum { VOICE = 32, LEAST = 229, MOST = 362, TOP = 330, HANG = 12, HANG_CLICK = 4, CLICK = 2, WINDOW = 50, NONE = 1000 };

struct floor {
    uint16_t level, minimum, before;
};

struct state { /* the words of array("H") */
    struct floor floors[2];
    uint16_t age, run, hold, level;
};

/* log2 in sixteenths of an energy that has lost 6 bits. */
static int32_t log2_16(int32_t v)
{
    int32_t log = 96;
    while (v > 31) {
        v >>= 1;
        log += 16;
    }
    return v > 15 ? log + v + 48 : log;
}

int32_t vad__judge(const int16_t *pcm, int32_t v, uint16_t *s)
{
    struct state *state = (struct state *)s;
    int32_t energy[2] = {0, 0}, active = 0, n = v, i;
    for (i = 0; i < n; i += 2) {
        energy[0] += (pcm[i] * pcm[i] + 32) >> 6;
        v = (pcm[i + 1] - pcm[i]) >> 1;
        energy[1] += (v * v + 32) >> 6;
    }
    for (i = 0; i < 2; i++) {
        struct floor *floor = &state->floors[i];
        v = log2_16(energy[i]);
        if (i == 0)
            state->level = v;
        if (v > LEAST && (v > floor->level + VOICE || (v > MOST && i == 0)))
            active = 1;
        else if (v < floor->level)
            floor->level -= (floor->level - v + 1) >> 1;
        else if (v > floor->level && (state->age & 7) == 0)
            floor->level++;
        if (v < floor->minimum)
            floor->minimum = v;
        if (state->age == WINDOW - 1) {
            v = floor->before < floor->minimum ? floor->before : floor->minimum;
            if (v > TOP && i == 0)
                v = TOP;
            if (v > floor->level)
                floor->level = v;
            floor->before = floor->minimum;
            floor->minimum = NONE;
        }
    }
    if (++state->age == WINDOW)
        state->age = 0;
    if (active) {
        v = HANG;
        if (state->run < CLICK) {
            state->run++;
            v = HANG_CLICK;
        }
        if (v > state->hold)
            state->hold = v;
        return 1;
    }
    state->run = 0;
    if (state->hold) {
        state->hold--;
        return 1;
    }
    return 0;
}
