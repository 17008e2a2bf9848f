#include <stdint.h>

enum { OFF = 0x1000000, ZERO = 0x10000000 };

struct state { /* the words of array("i") */
    int32_t random, gain, target, a1, a2, s1, s2;
};

void cng__make(int32_t s1, int32_t s2, int16_t *pcm, int32_t n, int32_t *s)
{
    struct state *state = (struct state *)s;
    int32_t a1 = state->a1 - OFF, a2 = state->a2 - OFF, random = state->random, gain = state->gain;
    s1 = state->s1 - OFF;
    s2 = state->s2 - OFF;
    for (int32_t i = 0; i < n; i++) {
        random = (random * 1229 + 7621) & 0x1FFFF;
        int32_t v = ((((random >> 5) - 2048) * gain) >> 10) - ((a1 * s1 + a2 * s2) >> 10);
        pcm[i] = v >> 4;
        s2 = s1;
        s1 = v;
    }
    state->s1 = s1 + OFF;
    state->s2 = s2 + OFF;
    state->random = random;
    state->gain = gain + ((state->target - gain + 3) >> 2);
}

void cng__correlate(int32_t v, int32_t last, const int16_t *pcm, int32_t n, int32_t shift, int32_t *r)
{
    int32_t sums[3] = {0, 0, 0}, before = 0;
    last = 0;
    for (int32_t i = 0; i < n; i++) {
        v = pcm[i] >> shift;
        sums[0] += v * v;
        sums[1] += v * last;
        sums[2] += v * before;
        before = last;
        last = v;
    }
    for (int32_t k = 0; k < 3; k++)
        r[k] = sums[k] + ZERO;
}
