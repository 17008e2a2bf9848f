/* What gcc calls for the lx106. It has no division instruction and the Debian package no libgcc routine; the
   ESP32 has QUOS. Its bytes are written here because the lx106 assembler does not know it. */
__asm__(".text\n"
        ".align 4\n"
        ".global __divsi3\n"
        "__divsi3:\n"
        ".byte 0x30, 0x22, 0xD2 /* quos a2, a2, a3 */\n"
        "ret.n\n");

/* For loops that gcc takes for these. */
void *memcpy(void *to, const void *from, unsigned size)
{
    unsigned char *t = to;
    const unsigned char *f = from;
    while (size--)
        *t++ = *f++;
    return to;
}

void *memset(void *to, int value, unsigned size)
{
    unsigned char *t = to;
    while (size--)
        *t++ = value;
    return to;
}
