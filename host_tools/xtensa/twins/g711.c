#include <stdint.h>

void g711__encode(int32_t m, const int16_t *pcm, uint8_t *out, const uint8_t *shifts, const uint8_t *flips, int32_t bias, int32_t offset, int32_t n)
{
    for (int32_t i = 0; i < n; i++) {
        const uint8_t *flip = flips;
        m = pcm[i];
        if (m < 0) {
            m = ~m;
            flip += 12;
        }
        m += bias;
        int32_t s = shifts[m >> 7];
        out[offset + i] = (m >> s) ^ flip[s];
    }
}

void g711__decode(int16_t *pcm, const uint8_t *src, const int16_t *samples, int32_t offset, int32_t n)
{
    for (int32_t i = 0; i < n; i++)
        pcm[i] = samples[src[offset + i]];
}
