#include <stdint.h>

void g711__encode(const int16_t *pcm, uint8_t *out, const uint8_t *shifts, int32_t offset, int32_t n)
{
    int32_t bias = shifts[256], silence = shifts[257];
    for (int32_t i = 0; i < n; i++) {
        int32_t m = pcm[i], invert = silence;
        if (m < 0) {
            m = ~m;
            invert ^= 0x80;
        }
        m += bias;
        if (m > 0x7FFF)
            m = 0x7FFF;
        int32_t s = shifts[m >> 7];
        out[offset + i] = ((m >> s) + (s << 4) - 64) ^ invert;
    }
}

void g711__decode(int16_t *pcm, const uint8_t *src, const int16_t *samples, int32_t offset, int32_t n)
{
    for (int32_t i = 0; i < n; i++)
        pcm[i] = samples[src[offset + i]];
}
