#include <stdint.h>

struct state { /* the words of array("i") */
    int32_t phase, ticks, step, word, bits, seizure, mark, byte, end, last, steps[2], amplitude;
};

/* The next bits to send, into state->word; how many, 0 at the end. */
static int32_t load(struct state *s, const uint8_t *data)
{
    int32_t bits = 10;
    if (s->seizure) {
        bits = s->seizure < 10 ? s->seizure : 10;
        s->seizure -= bits;
        s->word = 0x2AA;
    } else if (s->mark) {
        bits = s->mark < 10 ? s->mark : 10;
        s->mark -= bits;
        s->word = 0x3FF;
    } else if (s->byte < s->end)
        s->word = data[s->byte++] << 1 | 0x200;
    else {
        bits = s->last;
        s->last = 0;
        if (bits)
            s->word = 0x3FF;
    }
    return bits;
}

int32_t fsk__modulate(int32_t phase, int32_t v, int16_t *pcm, const int16_t *sine, int32_t *state, const uint8_t *data)
{
    struct state *s = (struct state *)state;
    int32_t ticks = s->ticks, step = s->step, amplitude = s->amplitude, n = v;
    for (int32_t i = 0; i < n; i++) {
        v = pcm[i] + ((sine[phase >> 16] * amplitude + 0x4000) >> 15);
        pcm[i] = v < -32768 ? -32768 : v > 32767 ? 32767 : v;
        if (ticks > 3) {
            phase += 3 * step;
            ticks -= 3;
        } else {
            phase += ticks * step;
            int32_t bits = s->bits ? s->bits : load(s, data);
            if (!bits)
                return 0;
            s->bits = bits - 1;
            step = s->steps[s->word & 1];
            s->word >>= 1;
            phase += (3 - ticks) * step;
            ticks += 17;
        }
        phase &= 0xFFFFFF;
    }
    s->phase = phase;
    s->ticks = ticks;
    s->step = step;
    return 1;
}
