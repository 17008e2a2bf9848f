#include <stdint.h>

void packing__move(const uint8_t *source, int32_t first, uint8_t *target, int32_t at, int32_t n)
{
    source += first;
    target += at;
    for (; n; n -= 8, source += 8, target += 8)
        for (int32_t i = 0; i < 8; i++)
            target[i] = source[i];
}
