/* A fused activation of real numbers. */
#ifndef QMCU_CLAMP_F32_H
#define QMCU_CLAMP_F32_H

/* What is not comparable stays, as in the interpreter. */
static inline float qmcu_clamp_f32(float value, float minimum, float maximum)
{
    const float raised = value < minimum ? minimum : value;
    return maximum < raised ? maximum : raised;
}

#endif
