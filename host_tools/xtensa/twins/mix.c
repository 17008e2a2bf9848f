#include <stdint.h>

static int32_t clip(int32_t v)
{
    return v < -32768 ? -32768 : v > 32767 ? 32767 : v;
}

void mix_deinterleave(const int16_t *stereo, int32_t port_index, int16_t *mono, int32_t n)
{
    for (int32_t i = 0; i < n; i++)
        mono[i] = stereo[2 * i + port_index];
}

void mix_interleave(const int16_t *mono, int16_t *stereo, int32_t port_index, int32_t n)
{
    for (int32_t i = 0; i < n; i++)
        stereo[2 * i + port_index] = mono[i];
}

void mix_copy(int16_t *dst, const int16_t *src, int32_t n)
{
    for (int32_t i = 0; i < n; i++)
        dst[i] = src[i];
}

void mix_clear(int16_t *pcm, int32_t n)
{
    for (int32_t i = 0; i < n; i++)
        pcm[i] = 0;
}

void mix_add(int16_t *dst, int32_t v, const int16_t *src, int32_t n)
{
    (void)v;
    for (int32_t i = 0; i < n; i++)
        dst[i] = clip(dst[i] + src[i]);
}
