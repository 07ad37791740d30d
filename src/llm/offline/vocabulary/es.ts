import type { Vocabulary } from './types.ts';

export const ES: Vocabulary = {
  'auth/login': {
    strong: `
      iniciar sesión, no puedo entrar, no puedo acceder, olvidé contraseña, olvidado contraseña, he olvidado,
      restablecer contraseña, restablecer, contraseña incorrecta, nueva contraseña, cuenta bloqueada,
      cuenta está bloqueada, desbloquear, código de verificación, código de seguridad, enlace caducado,
      enlace ha caducado, acceder a mi cuenta, cierra la sesión, sesión caducada
    `,
    medium: `
      contraseña*, sesión, clave, acceso, acceder, autentic*, verificación, bloquead*, dos pasos, dos factores,
      2fa, sso, credenciales
    `,
    weak: `
      código*, sms, usuario, entrar, móvil, caducad*
    `,
  },
  billing: {
    strong: `
      cobrado dos veces, cobraron dos veces, cobro duplicado, doble cobro, cobrad*, cobraron, cobrar*, cobro*,
      reembols*, devolución del dinero, devuelvan el dinero, devolver el dinero, factura*, cancelar mi suscripción,
      cancelar la suscripción, método de pago, forma de pago, tarjeta de crédito, me han cargado, cargo en, iva,
      nif, pago rechazado, dinero de vuelta
    `,
    medium: `
      pago*, pagar, pagué, precio*, tarifa*, suscripci*, cargo*, importe, descuento*, cupón, recibo*,
      transferencia, euros, plan, renov*, dinero, facturación
    `,
    weak: `
      tarjeta, mensual*, anual*, cuesta, coste, costo
    `,
  },
  bug: {
    strong: `
      no reacciona, no se muestra, no se muestran, no muestra, no encuentra, archivo vacío, no sale,
      no se puede abrir, no se actualiza, no funciona, no funcionan, dejó de funcionar, ha dejado de funcionar,
      mensaje de error, se cierra sola, se cierra solo, se cierra, se bloquea, se cuelga, se congela, no carga,
      no se abre, no abre, no hace nada, no pasa nada, página en blanco, pantalla en blanco, no responde, da error,
      no aparece, no se guarda, no guarda, desde la actualización, desde la última actualización, ha desaparecido,
      desapareci*
    `,
    medium: `
      vacíos, vacías, mal, congela, error*, fallo*, falla*, problema*, lento, lenta, bug, roto, incorrect*, vacío,
      vacía, actualización, duplicad*, congelad*
    `,
    weak: `
      página, botón, navegador, aplicación, app, pulsar, clic, descargar, pantalla
    `,
  },
  feature_request: {
    strong: `
      podrían incluir, podrían crear, podrían ofrecer, podrían implementar, me gustaría que, nos gustaría que,
      falta una opción, falta un, falta una, hace falta, sería útil, sería genial, sería bueno, sería posible,
      sería estupendo, estaría bien, me gustaría poder, nos gustaría poder, podrían añadir, podrían agregar,
      podríais añadir, añadir una opción, agregar una opción, sugerencia*, propuesta, modo oscuro, nueva función,
      tienen previsto, está previsto, integración con, una opción para, echo de menos
    `,
    medium: `
      función, funcionalidad*, idea*, sugerir, mejora*, integración, opción, añadir, agregar, posibilidad,
      facilitar*
    `,
    weak: `
      sería, estaría, podrían, posible, útil, gustaría
    `,
  },
  account: {
    strong: `
      eliminar mi cuenta, borrar mi cuenta, cerrar mi cuenta, dar de baja, darme de baja, eliminar mis datos,
      eliminen mis datos, datos personales, protección de datos, rgpd, cambiar mi correo, cambiar el correo,
      cambiar mi nombre, cambiar mi dirección, nueva dirección, apellido*, mi perfil, invitar, invitación*,
      añadir un miembro, añadir un usuario, eliminar un usuario, propietari*, permisos, administrador*, miembro*,
      del equipo, fusionar, falleci*
    `,
    medium: `
      perfil, rol, roles, equipo, usuarios, compañer*, emplead*, eliminar, borrar, datos, transferir, permiso*,
      organización
    `,
    weak: `
      cuenta, cambiar, correo, nombre, dirección
    `,
  },
  other: {
    strong: `
      muchas gracias por, gracias por su ayuda, gracias por la ayuda, enhorabuena, felicidades, felicitar, horario,
      horarios, empleo, vacante*, currículum, prácticas, periodista, prensa, colaboración, hacen envíos,
      plazo de entrega, antes de comprar, demostración, ya funciona, está resuelto, tienda física, ausente
    `,
    medium: `
      gracias, pregunta, envío*, entrega, pedido, tienda*, tardan, paquete, información sobre, interesad*,
      presupuesto
    `,
    weak: `
      hola, oferta*, curiosidad
    `,
  },
};
