import type { ReplyTemplate } from './types.ts';

export const ES: ReplyTemplate = {
  greeting: 'Hola:',
  warning: 'Por favor, no incluya contraseñas, códigos ni números de tarjeta en su respuesta.',
  closing: 'Un saludo\nEl equipo de soporte',
  paragraphs: {
    'auth/login': [
      'Gracias por escribirnos. Lamentamos los problemas para iniciar sesión.',
      `Para estudiar el caso, nos ayudaría saber:
- la dirección de correo o el nombre de usuario de la cuenta,
- cómo inicia sesión, por ejemplo con una dirección de correo, una aplicación de autenticación o a través de su empresa,
- en qué paso se detiene y el texto exacto del mensaje que aparece,
- cuándo lo intentó por última vez, con su zona horaria, y en qué navegador o aplicación.`,
    ],
    billing: [
      'Gracias por escribirnos acerca de la facturación.',
      `Para estudiar el caso, nos ayudaría saber:
- el número de la factura, o la fecha y el importe del pago,
- la dirección de correo de la cuenta o el nombre del espacio de trabajo,
- qué esperaba en su lugar.`,
    ],
    bug: [
      'Gracias por el aviso. Lamentamos las molestias.',
      `Para estudiar el caso, nos ayudaría saber:
- los pasos que llevan al problema y si ocurre siempre,
- qué esperaba y qué vio en su lugar, con el texto exacto del mensaje,
- cuándo ocurrió por primera vez, con su zona horaria,
- su dispositivo, y el navegador o la aplicación con su versión.`,
      'Una captura de pantalla suele ayudar, siempre que no muestre nada confidencial.',
    ],
    feature_request: [
      'Gracias por tomarse el tiempo de enviarnos esta sugerencia.',
      `Para entenderla bien, nos ayudaría saber:
- qué le gustaría conseguir con ella,
- cómo lo resuelve hoy,
- con qué frecuencia y para cuántas personas lo necesita.`,
    ],
    account: [
      'Gracias por escribirnos acerca de su cuenta.',
      `Para estudiar el caso, nos ayudaría saber:
- la dirección de correo de la cuenta o el nombre del espacio de trabajo,
- qué desea exactamente cambiar, exportar o eliminar,
- su función en el espacio de trabajo, si también lo usan otras personas.`,
      'Si es posible, escríbanos desde la dirección de correo que pertenece a la cuenta.',
    ],
    other: [
      'Gracias por su mensaje.',
      `Si desea algo de nosotros, nos ayudaría saber:
- de qué se trata, en una o dos frases,
- la dirección de correo de su cuenta, si tiene una.`,
    ],
  },
};
